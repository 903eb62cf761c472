// The config checker: it asks Talos' own library whether a node would take a machine configuration. It reads a JSON array
// of requests from standard input and writes a JSON array of answers in the same order.
package main

import (
	"encoding/json"
	"log"
	"os"
)

func main() {
	var requests []request
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&requests); err != nil {
		log.Fatalf("no JSON array of requests: %v", err)
	}
	answers, err := checkAll(requests)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

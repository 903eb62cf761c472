// Reads states as OpenTofu does: with encoding/json, into structs with the keys and types of its own. Which ones those
// are is a fact of its sources: stateV4 in internal/states/statefile/version4.go, basedata in
// internal/encryption/base.go, statedata in internal/encryption/state.go (1.12).
//
// Stdin is documents, each after its length as four bytes, big endian. Stdout is one line of JSON for each: a verdict.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

type plainState struct {
	Version          any              `json:"version"` // read by the sniffer; always written as 4
	TerraformVersion string           `json:"terraform_version"`
	Serial           uint64           `json:"serial"`
	Lineage          string           `json:"lineage"`
	Outputs          map[string]value `json:"outputs"`
	Resources        []resource       `json:"resources"`
	CheckResults     []check          `json:"check_results"`
}

type value struct {
	Value      json.RawMessage `json:"value"`
	Type       json.RawMessage `json:"type"`
	Sensitive  bool            `json:"sensitive,omitempty"`
	Deprecated string          `json:"deprecated,omitempty"`
}

type resource struct {
	Module    string     `json:"module,omitempty"`
	Mode      string     `json:"mode"`
	Type      string     `json:"type"`
	Name      string     `json:"name"`
	Each      string     `json:"each,omitempty"`
	Provider  string     `json:"provider,omitempty"`
	Instances []instance `json:"instances"`
}

type instance struct {
	IndexKey            any               `json:"index_key,omitempty"`
	Status              string            `json:"status,omitempty"`
	Deposed             string            `json:"deposed,omitempty"`
	Provider            string            `json:"provider,omitempty"`
	SchemaVersion       uint64            `json:"schema_version"`
	Attributes          json.RawMessage   `json:"attributes,omitempty"`
	AttributesFlat      map[string]string `json:"attributes_flat,omitempty"`
	Sensitive           json.RawMessage   `json:"sensitive_attributes,omitempty"`
	Private             []byte            `json:"private,omitempty"`
	Dependencies        []string          `json:"dependencies,omitempty"`
	DependsOn           []string          `json:"depends_on,omitempty"`
	CreateBeforeDestroy bool              `json:"create_before_destroy,omitempty"`
	SkipDestroy         bool              `json:"skip_destroy,omitempty"`
	Identity            json.RawMessage   `json:"identity,omitempty"`
	IdentityVersion     *uint64           `json:"identity_schema_version,omitempty"`
}

type check struct {
	ObjectKind string   `json:"object_kind"`
	ConfigAddr string   `json:"config_addr"`
	Status     string   `json:"status"`
	Objects    []object `json:"objects"`
}

type object struct {
	ObjectAddr      string   `json:"object_addr"`
	Status          string   `json:"status"`
	FailureMessages []string `json:"failure_messages,omitempty"`
}

type identity struct {
	Serial  *int   `json:"serial"`
	Lineage string `json:"lineage"`
}

type ciphertext struct {
	Meta    map[string][]byte `json:"meta"`
	Data    []byte            `json:"encrypted_data"`
	Version string            `json:"encryption_version"`
}

type verdict struct {
	// What the state is to a client with a key, and to one without, who reads the plain fields alone.
	Encrypted bool `json:"encrypted"`
	Plain     bool `json:"plain"`
	// Why it is neither.
	Error string `json:"error,omitempty"`

	Serial    string   `json:"serial"` // decimal, for JavaScript cannot hold all of them
	Lineage   string   `json:"lineage"`
	Resources []string `json:"resources"`
	// What a client writes that has read this one.
	Rewritten []byte `json:"rewritten"`
}

func judge(document []byte) (v verdict, err error) {
	var sealed ciphertext
	sealedErr := json.Unmarshal(document, &sealed)
	if sealedErr == nil && sealed.Version != "" {
		var id identity
		if err := json.Unmarshal(document, &id); err != nil {
			return v, err
		}
		if len(sealed.Data) == 0 {
			return v, errors.New("nothing to decrypt")
		}
		v.Encrypted = true
		v.Lineage = id.Lineage
		if id.Serial != nil {
			v.Serial = fmt.Sprint(*id.Serial)
		}
		v.Rewritten, err = json.Marshal(struct {
			identity
			ciphertext
		}{id, sealed})
		if err != nil {
			return v, err
		}
	}
	state, err := readPlain(document)
	if err != nil {
		if v.Encrypted {
			return v, nil
		}
		return v, err
	}
	v.Plain = true
	if v.Encrypted {
		return v, nil
	}
	v.Serial = fmt.Sprint(state.Serial)
	v.Lineage = state.Lineage
	v.Resources = []string{}
	for _, r := range state.Resources {
		if r.Type == "" || r.Name == "" {
			continue // has no address
		}
		address := r.Type + "." + r.Name
		if r.Mode == "data" {
			address = "data." + address
		}
		if r.Module != "" {
			address = r.Module + "." + address
		}
		v.Resources = append(v.Resources, address)
	}
	state.Version = 4
	v.Rewritten, err = json.MarshalIndent(state, "", "  ")
	return v, err
}

// First the version alone, then all of it, as readState does.
func readPlain(document []byte) (*plainState, error) {
	var sniff struct {
		Version *uint64 `json:"version"`
	}
	if err := json.Unmarshal(document, &sniff); err != nil {
		return nil, err
	}
	if sniff.Version == nil || *sniff.Version == 0 {
		return nil, errors.New("no version")
	}
	state := &plainState{}
	if err := json.Unmarshal(document, state); err != nil {
		return nil, err
	}
	for _, r := range state.Resources {
		for _, i := range r.Instances {
			switch i.IndexKey.(type) {
			case nil, string, float64:
			default:
				return nil, errors.New("invalid instance key")
			}
		}
	}
	return state, nil
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		var length uint32
		if err := binary.Read(in, binary.BigEndian, &length); err == io.EOF {
			return
		} else if err != nil {
			panic(err)
		}
		document := make([]byte, length)
		if _, err := io.ReadFull(in, document); err != nil {
			panic(err)
		}
		v, err := judge(document)
		if err != nil {
			v = verdict{Error: err.Error()}
		}
		if err := out.Encode(v); err != nil {
			panic(err)
		}
	}
}

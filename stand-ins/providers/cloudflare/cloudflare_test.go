package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"cdktf-proxmox-talos/providers/plugin"
)

func TestTheBaseURLIsOnThisMachine(t *testing.T) {
	for base, ok := range map[string]bool{
		"http://127.0.0.1:8080/client/v4":         true,
		"http://localhost/client/v4":              true,
		"http://[::1]:1/client/v4/":               true,
		realAPI:                                   false,
		"http://127.example.com/":                 false,
		"http://127.0.0.1@api.cloudflare.com/":    false,
		"http://localhost.api.cloudflare.com:80/": false,
		"": false,
	} {
		if err := onThisMachine(base); (err == nil) != ok {
			t.Errorf("%q: %v", base, err)
		}
	}
}

func TestThePauseIsWhatTheServerAsksFor(t *testing.T) {
	for asked, longest := range map[string]time.Duration{"0": 0, "2": 2 * time.Second, "3600": 500 * time.Millisecond, "": 500 * time.Millisecond} {
		got := &answer{header: http.Header{"Retry-After": {asked}}}
		if wait := pause(got, 0); wait > longest || wait < longest*3/4 {
			t.Errorf("Retry-After %q: %s", asked, wait)
		}
	}
}

func TestImportIDs(t *testing.T) {
	state := plugin.Object{}
	if err := parseImportID("a/b%2Fc", []string{"account_id", "bucket_name=name"}, state); err != nil {
		t.Fatal(err)
	}
	if state.Text("account_id") != "a" || state.Text("name") != "b/c" {
		t.Errorf("parsed: %v", state)
	}
	if err := parseImportID("a", []string{"account_id", "bucket_name=name"}, state); err == nil {
		t.Error("a short id was taken")
	}
}

func TestAPathNamesWhatItMisses(t *testing.T) {
	_, err := expand("accounts/{account_id}/workers/domains/{domain_id=id}", plugin.Object{})
	if err == nil || err.Error() != "missing required account_id parameter" {
		t.Errorf("%v", err)
	}
}

func TestTheResultOfAnAnswer(t *testing.T) {
	for body, want := range map[string]string{`{"result":{"a": 1}}`: `{"a": 1}`, `{}`: "", "": "", "no JSON": ""} {
		if got := (&answer{body: json.RawMessage(body)}).result(); string(got) != want {
			t.Errorf("%q: %q", body, got)
		}
	}
}

package main

import (
	"encoding/json"
	"testing"
	"time"

	"cdktf-proxmox-talos/providers/plugin"
	"cdktf-proxmox-talos/schemas"
)

// secretsBlock is the pinned schema of talos_machine_secrets, with a state of it.
func secretsBlock(t *testing.T) (*plugin.Block, plugin.Object) {
	t.Helper()
	block, err := plugin.ResourceBlock(schemas.Of("talos"), "talos_machine_secrets")
	if err != nil {
		t.Fatal(err)
	}
	state, err := newSecrets(block, "v1.12")
	if err != nil {
		t.Fatal(err)
	}
	return block, state
}

func change(block *plugin.Block, prior plugin.Object, version string) *plugin.Change {
	planned := plugin.Object{}
	for name, value := range prior {
		planned[name] = value
	}
	planned.Set("talos_version", version)
	config := block.Empty()
	config.Set("talos_version", version)
	return &plugin.Change{Block: block, Config: config, Prior: prior, Planned: planned}
}

func TestSecretsSurviveTheirAttributes(t *testing.T) {
	_, state := secretsBlock(t)
	kept, err := secretsOf(state)
	if err != nil {
		t.Fatal(err)
	}
	if err := kept.bundle().Validate(); err != nil {
		t.Error(err)
	}
	again, _ := json.Marshal(fromBundle(kept.bundle()))
	if before, _ := json.Marshal(kept); string(before) != string(again) {
		t.Error("a bundle changes on its way through the attributes")
	}
}

func TestTheClientsCertificateIsRenewedAMonthBeforeItsEnd(t *testing.T) {
	defer func() { now = time.Now }()
	block, state := secretsBlock(t)
	old, _ := clientOf(state, "client_configuration")
	for days, renewed := range map[int]bool{300: false, 340: true} {
		now = func() time.Time { return time.Now().AddDate(0, 0, days) }
		changed := change(block, state, "v1.12")
		if diagnostics := planMachineSecrets(changed); diagnostics != nil {
			t.Fatal(diagnostics)
		}
		if unknown := !changed.Planned["client_configuration"].IsFullyKnown(); unknown != renewed {
			t.Errorf("after %d days, renewed: %v", days, unknown)
		}
		if !changed.Planned["machine_secrets"].IsFullyKnown() {
			t.Errorf("after %d days, the secrets are planned anew", days)
		}
		if !renewed {
			continue
		}
		updated, err := updateMachineSecrets(t.Context(), none{}, changed)
		if err != nil {
			t.Fatal(err)
		}
		fresh, _ := clientOf(updated, "client_configuration")
		if string(fresh.CA) != string(old.CA) || string(fresh.Cert) == string(old.Cert) {
			t.Error("the certificate is not a new one of the same CA")
		}
	}
}

func TestALowerVersionNeedsNewSecrets(t *testing.T) {
	block, state := secretsBlock(t)
	for version, replaced := range map[string]bool{"v1.11": true, "1.12.3": false, "v1.13": false} {
		changed := change(block, state, version)
		planMachineSecrets(changed)
		if got := len(changed.Replaces) > 0; got != replaced {
			t.Errorf("%s: replaced: %v", version, got)
		}
	}
}

func TestEndpointsAreOnThisMachine(t *testing.T) {
	for endpoint, ok := range map[string]bool{
		"127.0.0.2:50000":     true,
		"127.0.0.2":           true,
		"localhost:50000":     true,
		"[::1]:50000":         true,
		"10.0.0.2:50000":      false,
		"10.0.0.2":            false,
		"127.example.com":     false,
		"localhost.lab:50000": false,
		"":                    false,
	} {
		if err := onThisMachine(endpoint); (err == nil) != ok {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"go.yaml.in/yaml/v4"
	"golang.org/x/mod/semver"

	"cdktf-proxmox-talos/providers/plugin"
	"cdktf-proxmox-talos/talos-config/machineconfig"
)

func machineSecretsResource() plugin.Resource[none] {
	return plugin.Resource[none]{
		Traits:   plugin.Traits{"id": {Keep: true}},
		Validate: validateTalosVersion,
		Plan:     planMachineSecrets,
		Create: func(_ context.Context, _ none, change *plugin.Change) (plugin.Object, error) {
			return newSecrets(change.Block, change.Planned.Text("talos_version"))
		},
		Update: updateMachineSecrets,
		Import: importMachineSecrets,
	}
}

func machineSecretsEphemeral() plugin.DataSource[none] {
	return plugin.DataSource[none]{
		Validate: validateTalosVersion,
		Read: func(_ context.Context, _ none, block *plugin.Block, config plugin.Object) (plugin.Object, error) {
			version := config.Text("talos_version")
			if version == "" {
				version = machineconfig.Version()
			}
			return newSecrets(block, version)
		},
	}
}

func validateTalosVersion(config plugin.Object) (diagnostics plugin.Diagnostics) {
	if config.Has("talos_version") {
		if _, err := machineconfig.Contract(config.Text("talos_version")); err != nil {
			diagnostics.Error("talos_version", "Invalid version", "%s", err)
		}
	}
	return diagnostics
}

// planMachineSecrets replaces the secrets, and so every CA, where the version is lowered. It renews the client's
// certificate a month before its end.
func planMachineSecrets(change *plugin.Change) (diagnostics plugin.Diagnostics) {
	if change.Planned == nil {
		return nil
	}
	switch {
	case change.Planned.Has("talos_version"):
		if change.Prior.Has("talos_version") && older(change.Planned.Text("talos_version"), change.Prior.Text("talos_version")) {
			change.Replaces = append(change.Replaces, "talos_version")
		}
	case change.Config["talos_version"].IsKnown():
		change.Planned.Set("talos_version", machineconfig.Version())
	}
	expires, err := clientExpires(change.Prior)
	if err != nil {
		diagnostics.Error("client_configuration", "failed to parse client certificate", "%s", err)
	} else if expires {
		change.Planned["client_configuration"] = change.Unknown("client_configuration")
	}
	return diagnostics
}

func older(version, than string) bool {
	return semver.Compare("v"+strings.TrimPrefix(version, "v"), "v"+strings.TrimPrefix(than, "v")) < 0
}

// updateMachineSecrets changes nothing but the version and a certificate that ends soon.
func updateMachineSecrets(_ context.Context, _ none, change *plugin.Change) (plugin.Object, error) {
	state := change.Prior
	state["talos_version"] = change.Planned["talos_version"]
	expires, err := clientExpires(state)
	if err != nil || !expires {
		return state, err
	}
	kept, err := secretsOf(state)
	if err != nil {
		return nil, err
	}
	client, err := newClientConfiguration(kept.bundle(), clientTTL)
	if err != nil {
		return nil, err
	}
	state["client_configuration"] = change.Decode("client_configuration", plugin.Marshal(client))
	return state, nil
}

// clientExpires tells whether the client's certificate in a state ends within a month.
func clientExpires(state plugin.Object) (bool, error) {
	client, ok := clientOf(state, "client_configuration")
	if !ok {
		return false, nil
	}
	return endsBefore(client.Cert, now().AddDate(0, 1, 0))
}

// endsBefore tells whether a certificate in PEM is not valid at this time any more.
func endsBefore(cert []byte, at time.Time) (bool, error) {
	end, err := endOf(cert)
	return err == nil && end.Before(at), err
}

// timeLeft returns how long a certificate in PEM is valid from now on.
func timeLeft(cert []byte) (time.Duration, error) {
	end, err := endOf(cert)
	return end.Sub(now()), err
}

func endOf(cert []byte) (time.Time, error) {
	block, _ := pem.Decode(cert)
	if block == nil {
		return time.Time{}, errors.New("no PEM block")
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, err
	}
	return parsed.NotAfter, nil
}

// importMachineSecrets reads a file of `talosctl gen secrets`.
func importMachineSecrets(_ context.Context, _ none, block *plugin.Block, path string) (plugin.Object, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &plugin.Failure{Summary: "failed to import state", Detail: err.Error()}
	}
	bundle := &secrets.Bundle{Clock: secrets.NewFixedClock(now())}
	if err := yaml.Unmarshal(text, bundle); err != nil {
		return nil, &plugin.Failure{Summary: "failed to unmarshal machine secrets", Detail: err.Error()}
	}
	version := "v1.3"
	if bundle.Secrets.AESCBCEncryptionSecret != "" {
		version = "v1.2"
	}
	return stateOf(block, bundle, version)
}

func newSecrets(block *plugin.Block, version string) (plugin.Object, error) {
	contract, err := machineconfig.Contract(version)
	if err != nil {
		return nil, &plugin.Failure{Summary: "failed to validate talos version", Detail: err.Error()}
	}
	bundle, err := secrets.NewBundle(secrets.NewFixedClock(now()), contract)
	if err != nil {
		return nil, &plugin.Failure{Summary: "failed to generate secrets bundle", Detail: err.Error()}
	}
	return stateOf(block, bundle, version)
}

func stateOf(block *plugin.Block, bundle *secrets.Bundle, version string) (plugin.Object, error) {
	client, err := newClientConfiguration(bundle, clientTTL)
	if err != nil {
		return nil, err
	}
	state := block.Refresh(nil, plugin.Marshal(map[string]any{
		"machine_secrets":      fromBundle(bundle),
		"client_configuration": client,
		"talos_version":        version,
	}))
	if _, ok := state["id"]; ok {
		state.Set("id", "machine_secrets")
	}
	return state, nil
}

package main

import (
	"context"
	"encoding/json"

	"github.com/siderolabs/crypto/x509"
	talosconfig "github.com/siderolabs/talos/pkg/machinery/client/config"

	"cdktf-proxmox-talos/providers/plugin"
)

// clientConfigurationEphemeral makes credentials of the secrets, valid as long as their CA.
func clientConfigurationEphemeral() plugin.DataSource[none] {
	return plugin.DataSource[none]{
		Traits: plugin.Traits{"not_before": {Refused: true}, "crt_ttl": {Refused: true}},
		Read:   openClientConfiguration,
	}
}

func openClientConfiguration(ctx context.Context, c none, block *plugin.Block, config plugin.Object) (plugin.Object, error) {
	failed := func(err error) (plugin.Object, error) {
		return nil, &plugin.Failure{Summary: "failed to generate client configuration", Detail: err.Error()}
	}
	given, err := secretsOf(config)
	if err != nil {
		return failed(err)
	}
	ttl, err := timeLeft(given.Certs.OS.Cert)
	if err != nil {
		return failed(err)
	}
	client, err := newClientConfiguration(given.bundle(), ttl)
	if err != nil {
		return failed(err)
	}
	config["client_configuration"] = block.Decode("client_configuration", plugin.Marshal(client))
	return readClientConfiguration(ctx, c, block, config)
}

func clientConfigurationData() plugin.DataSource[none] {
	return plugin.DataSource[none]{Read: readClientConfiguration}
}

// readClientConfiguration makes a talosconfig.
func readClientConfiguration(_ context.Context, _ none, _ *plugin.Block, config plugin.Object) (plugin.Object, error) {
	failed := func(err error) (plugin.Object, error) {
		return nil, &plugin.Failure{Summary: "failed to generate talos config", Detail: err.Error()}
	}
	client, _ := clientOf(config, "client_configuration")
	name := config.Text("cluster_name")
	made := client.talosconfig(name)
	if endpoints := texts(config, "endpoints"); len(endpoints) > 0 {
		made.Contexts[name].Endpoints = endpoints
	}
	if nodes := texts(config, "nodes"); len(nodes) > 0 {
		made.Contexts[name].Nodes = nodes
	}
	text, err := made.Bytes()
	if err != nil {
		return failed(err)
	}
	config.Set("talos_config", string(text))
	if _, ok := config["id"]; ok {
		config["id"] = config["cluster_name"]
	}
	return config, nil
}

func (c clientConfiguration) talosconfig(contextName string) *talosconfig.Config {
	pair := &x509.PEMEncodedCertificateAndKey{Crt: c.Cert, Key: c.Key}
	return talosconfig.NewConfig(contextName, nil, c.CA, pair)
}

// clientOf reads an attribute that holds credentials, if it is there and known.
func clientOf(object plugin.Object, name string) (client clientConfiguration, ok bool) {
	nested := plugin.ObjectOf(object[name])
	for _, part := range []string{"ca_certificate", "client_certificate", "client_key"} {
		if !nested.Has(part) {
			return client, false
		}
	}
	return client, json.Unmarshal(plugin.JSON(object[name]), &client) == nil
}

func texts(object plugin.Object, name string) (texts []string) {
	for _, element := range plugin.Elements(object[name]) {
		texts = append(texts, plugin.TextOf(element))
	}
	return texts
}

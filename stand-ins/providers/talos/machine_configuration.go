package main

import (
	"context"
	"slices"

	"github.com/siderolabs/talos/pkg/machinery/config/configpatcher"
	"github.com/siderolabs/talos/pkg/machinery/constants"

	"cdktf-proxmox-talos/providers/plugin"
	"cdktf-proxmox-talos/talos-config/machineconfig"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// machineConfigurationData is both a data source and an ephemeral resource.
func machineConfigurationData() plugin.DataSource[none] {
	return plugin.DataSource[none]{Validate: validateMachineConfiguration, Read: readMachineConfiguration}
}

func validateMachineConfiguration(config plugin.Object) plugin.Diagnostics {
	diagnostics := validateTalosVersion(config)
	if config.Has("cluster_endpoint") {
		if err := machineconfig.ValidateEndpoint(config.Text("cluster_endpoint")); err != nil {
			diagnostics.Error("cluster_endpoint", "cluster_endpoint is invalid", "%s", err)
		}
	}
	exactlyOneOf(config, "machine_type", []string{"controlplane", "worker"}, &diagnostics)
	if config.Has("cluster_name") && config.Text("cluster_name") == "" {
		diagnostics.Error("cluster_name", "Invalid Attribute Value Length",
			"Attribute cluster_name string length must be at least 1, got: 0")
	}
	if patches, ok := patchesOf(config); ok {
		if _, err := configpatcher.LoadPatches(patches); err != nil {
			diagnostics.Error("config_patches", "config_patches are invalid", "%s", err)
		}
	}
	return diagnostics
}

// exactlyOneOf compares letters in their case, as the real provider does.
func exactlyOneOf(config plugin.Object, name string, allowed []string, diagnostics *plugin.Diagnostics) {
	if config.Has(name) && !slices.Contains(allowed, config.Text(name)) {
		diagnostics.Error(name, "Invalid Attribute Value Match",
			"Attribute %s value must be one of: %q, got: %q", name, allowed, config.Text(name))
	}
}

// patchesOf returns the attribute config_patches, unless something in it is not known yet.
func patchesOf(object plugin.Object) ([]string, bool) {
	if !object["config_patches"].IsFullyKnown() {
		return nil, false
	}
	texts := []string{}
	for _, element := range plugin.Elements(object["config_patches"]) {
		if !element.IsNull() {
			texts = append(texts, plugin.TextOf(element))
		}
	}
	return texts, true
}

func readMachineConfiguration(_ context.Context, _ none, _ *plugin.Block, config plugin.Object) (plugin.Object, error) {
	failed := func(err error) (plugin.Object, error) {
		return nil, &plugin.Failure{Summary: "failed to generate machine configuration", Detail: err.Error()}
	}
	given, err := secretsOf(config)
	if err != nil {
		return failed(err)
	}
	if !config.Has("kubernetes_version") {
		config.Set("kubernetes_version", constants.DefaultKubernetesVersion)
	}
	if !config.Has("talos_version") {
		config.Set("talos_version", machineconfig.Version())
	}
	patches, _ := patchesOf(config)
	generated, err := machineconfig.Generate(machineconfig.Input{
		ClusterName:       config.Text("cluster_name"),
		ClusterEndpoint:   config.Text("cluster_endpoint"),
		MachineType:       config.Text("machine_type"),
		TalosVersion:      config.Text("talos_version"),
		KubernetesVersion: config.Text("kubernetes_version"),
		ConfigPatches:     patches,
		Docs:              truth(config["docs"]),
		Examples:          truth(config["examples"]),
	}, given.bundle())
	if err != nil {
		return failed(err)
	}
	config.Set("machine_configuration", string(generated))
	if _, ok := config["id"]; ok {
		config["id"] = config["cluster_name"]
	}
	return config, nil
}

// truth returns a boolean value, or false for null and unknown.
func truth(value tftypes.Value) (is bool) {
	if value.IsKnown() && !value.IsNull() {
		_ = value.As(&is)
	}
	return is
}

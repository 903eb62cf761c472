package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/client"
	"github.com/siderolabs/talos/pkg/machinery/config/configpatcher"

	"cdktf-proxmox-talos/providers/plugin"
	"cdktf-proxmox-talos/talos-config/machineconfig"
)

var applyModes = []string{"auto", "reboot", "no_reboot", "staged", "staged_if_needing_reboot"}

func machineConfigurationApply() plugin.Resource[none] {
	return plugin.Resource[none]{
		Traits: plugin.Traits{
			"id":                         {Keep: true},
			"apply_mode":                 {Default: "auto"},
			"machine_configuration":      {Keep: true},
			"machine_configuration_hash": {Keep: true},
			"on_destroy.reset":           {Default: false},
			"on_destroy.graceful":        {Default: true},
			"on_destroy.reboot":          {Default: false},
		},
		Validate: func(config plugin.Object) plugin.Diagnostics {
			diagnostics := validateNode(config)
			exactlyOneOf(config, "apply_mode", applyModes, &diagnostics)
			exclusive(config, "machine_configuration_input", "machine_configuration_input_wo", "machine configuration input", &diagnostics)
			validateOnDestroy(config, &diagnostics)
			return diagnostics
		},
		Plan: planApply,
		Create: func(ctx context.Context, _ none, change *plugin.Change) (plugin.Object, error) {
			return apply(ctx, change, "create")
		},
		Update: func(ctx context.Context, _ none, change *plugin.Change) (plugin.Object, error) {
			return apply(ctx, change, "update")
		},
		Delete: func(ctx context.Context, _ none, state plugin.Object) error { return resetOnDestroy(ctx, state) },
	}
}

// validateOnDestroy refuses values that are not known at validation, which the real provider cannot convert.
func validateOnDestroy(config plugin.Object, diagnostics *plugin.Diagnostics) {
	if !config["on_destroy"].IsFullyKnown() {
		diagnostics.Error("on_destroy", "Value Conversion Error",
			"Received unknown value, however the target type cannot handle unknown values.")
	}
}

// planApply renders the configuration, where everything that it is made of is known. Otherwise the one of the state
// stays in the plan, so that another one at the apply is an inconsistent plan.
func planApply(change *plugin.Change) (diagnostics plugin.Diagnostics) {
	if change.Planned == nil || !planEndpoint(change) {
		return nil
	}
	input, ok := inputOf(change.Config)
	patches, known := patchesOf(change.Config)
	if !ok || !known {
		return nil
	}
	rendered, err := render(input, patches)
	if err != nil {
		diagnostics.Error("config_patches", "Error applying config patches", "%s", err)
		return diagnostics
	}
	sum := sha256.Sum256([]byte(rendered))
	change.Planned.Set("machine_configuration_hash", hex.EncodeToString(sum[:]))
	if change.Config["machine_configuration_input_wo"].IsNull() {
		change.Planned.Set("machine_configuration", rendered)
	} else {
		change.Planned.SetNull("machine_configuration")
	}
	planApplyMode(change, rendered, &diagnostics)
	return diagnostics
}

// planApplyMode resolves staged_if_needing_reboot by a dry run on the node.
func planApplyMode(change *plugin.Change, rendered string, diagnostics *plugin.Diagnostics) {
	planned := change.Planned
	mode := change.Config.Text("apply_mode")
	if mode == "" {
		mode = "auto"
	}
	if mode != "staged_if_needing_reboot" {
		planned.Set("resolved_apply_mode", mode)
		return
	}
	if change.Prior.Text("machine_configuration") == rendered && change.Prior.Text("resolved_apply_mode") != "" {
		planned.Set("resolved_apply_mode", change.Prior.Text("resolved_apply_mode"))
		return
	}
	planned.Set("resolved_apply_mode", "auto")
	called, err := nodeOf(change.Config, planned)
	if err != nil {
		return
	}
	reboots := false
	err = called.do(context.Background(), func(ctx context.Context, c *client.Client) error {
		answer, err := c.ApplyConfiguration(ctx, &machine.ApplyConfigurationRequest{
			Mode: machine.ApplyConfigurationRequest_AUTO, Data: []byte(rendered), DryRun: true,
		})
		reboots = err == nil && len(answer.Messages) > 0 && answer.Messages[0].Mode == machine.ApplyConfigurationRequest_REBOOT
		return err
	})
	switch {
	case err != nil:
		diagnostics.Warn("Cannot check reboot requirement",
			fmt.Sprintf("Node %s: %v. Using 'auto' mode (may reboot).", called.name, err))
	case reboots:
		planned.Set("resolved_apply_mode", "staged")
		diagnostics.Warn("Reboot prevented - using staged mode",
			fmt.Sprintf("Node %s: Configuration requires reboot. Using 'staged' mode. Manually reboot with: talosctl reboot --nodes %s",
				called.name, called.name))
	}
}

// inputOf returns the configuration without its patches, unless it is not known yet.
func inputOf(config plugin.Object) (string, bool) {
	if config.Has("machine_configuration_input_wo") {
		return config.Text("machine_configuration_input_wo"), true
	}
	return config.Text("machine_configuration_input"), config.Has("machine_configuration_input")
}

func render(input string, patches []string) (string, error) {
	patched, err := machineconfig.Patch(configpatcher.WithBytes([]byte(input)), patches)
	if err != nil {
		return "", err
	}
	text, err := patched.Bytes()
	return string(text), err
}

func apply(ctx context.Context, change *plugin.Change, operation string) (plugin.Object, error) {
	state := change.Planned
	called, err := nodeOf(change.Config, state)
	if err != nil {
		return nil, err
	}
	rendered := state.Text("machine_configuration")
	if !change.Config["machine_configuration_input_wo"].IsNull() {
		input, _ := inputOf(change.Config)
		patches, _ := patchesOf(change.Config)
		if rendered, err = render(input, patches); err != nil {
			return nil, &plugin.Failure{Summary: "Error computing machine configuration", Detail: err.Error()}
		}
	}
	mode := state.Text("resolved_apply_mode")
	if mode == "" {
		mode = state.Text("apply_mode")
	}
	err = called.retry(ctx, timeoutOf(state, operation), func(ctx context.Context, c *client.Client) error {
		_, err := c.ApplyConfiguration(ctx, &machine.ApplyConfigurationRequest{
			Mode: machine.ApplyConfigurationRequest_Mode(machine.ApplyConfigurationRequest_Mode_value[strings.ToUpper(mode)]),
			Data: []byte(rendered),
		})
		return err
	})
	if err != nil {
		return nil, &plugin.Failure{Summary: "Error applying configuration", Detail: err.Error()}
	}
	state.Set("id", "machine_configuration_apply")
	return state, nil
}

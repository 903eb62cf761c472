package main

import (
	"context"

	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/client"

	"cdktf-proxmox-talos/providers/plugin"
)

func machineBootstrap() plugin.Resource[none] {
	return plugin.Resource[none]{
		Traits:   plugin.Traits{"id": {Keep: true}},
		Validate: validateNode,
		Plan: func(change *plugin.Change) plugin.Diagnostics {
			if change.Planned != nil {
				planEndpoint(change)
			}
			return nil
		},
		Create: bootstrap,
		Update: func(_ context.Context, _ none, change *plugin.Change) (plugin.Object, error) {
			return change.Planned, nil
		},
		// Any ID: it takes over a cluster that is bootstrapped already.
		Import: func(_ context.Context, _ none, block *plugin.Block, _ string) (plugin.Object, error) {
			state := block.Empty()
			state.Set("id", "machine_bootstrap")
			return state, nil
		},
	}
}

// bootstrap retries until its timeout, also where the node is bootstrapped already.
func bootstrap(ctx context.Context, _ none, change *plugin.Change) (plugin.Object, error) {
	state := change.Planned
	called, err := nodeOf(change.Config, state)
	if err != nil {
		return nil, err
	}
	err = called.retry(ctx, timeoutOf(state, "create"), func(ctx context.Context, c *client.Client) error {
		return c.Bootstrap(ctx, &machine.BootstrapRequest{})
	})
	if err != nil {
		return nil, &plugin.Failure{Summary: "Error bootstrapping node", Detail: err.Error()}
	}
	state.Set("id", "machine_bootstrap")
	return state, nil
}

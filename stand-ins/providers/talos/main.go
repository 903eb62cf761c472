// The stand-in for the talos provider. It serves the real provider's pinned schema, generates secrets and configurations
// with Talos' own library, and calls nodes as the real one does. It talks only to nodes on this machine.
package main

import (
	"log"
	"time"

	"cdktf-proxmox-talos/providers/plugin"
	"cdktf-proxmox-talos/schemas"
)

func main() {
	if err := plugin.Serve(provider()); err != nil {
		log.Fatal(err)
	}
}

// none is the client of the provider: each resource names its node and its credentials itself.
type none struct{}

// now is replaced in tests of what expires.
var now = time.Now

func provider() plugin.Provider[none] {
	return plugin.Provider[none]{
		Schema:    schemas.Of("talos"),
		Traits:    plugin.Traits{"image_factory_url": {Refused: true}},
		Configure: func(plugin.Object, plugin.About) (none, error) { return none{}, nil },
		Resources: map[string]plugin.Resource[none]{
			"talos_cluster_kubeconfig":          clusterKubeconfig(),
			"talos_machine_bootstrap":           machineBootstrap(),
			"talos_machine_configuration_apply": machineConfigurationApply(),
			"talos_machine_secrets":             machineSecretsResource(),
		},
		DataSources: map[string]plugin.DataSource[none]{
			"talos_client_configuration":  clientConfigurationData(),
			"talos_machine_configuration": machineConfigurationData(),
		},
		Ephemerals: map[string]plugin.DataSource[none]{
			"talos_client_configuration":  clientConfigurationEphemeral(),
			"talos_machine_configuration": machineConfigurationData(),
			"talos_machine_secrets":       machineSecretsEphemeral(),
		},
	}
}

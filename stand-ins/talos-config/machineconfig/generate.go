// Package machineconfig generates machine configurations as the talos provider does, with the generator of Talos itself.
package machineconfig

import (
	"fmt"
	"strings"

	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/configpatcher"
	"github.com/siderolabs/talos/pkg/machinery/config/encoder"
	"github.com/siderolabs/talos/pkg/machinery/config/generate"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"github.com/siderolabs/talos/pkg/machinery/config/machine"
	"github.com/siderolabs/talos/pkg/machinery/constants"
	"github.com/siderolabs/talos/pkg/machinery/gendata"
)

// Input is the input of the data source talos_machine_configuration.
type Input struct {
	ClusterName       string   `json:"clusterName"`
	ClusterEndpoint   string   `json:"clusterEndpoint"`
	MachineType       string   `json:"machineType"`
	TalosVersion      string   `json:"talosVersion"`      // the contract; "" is the generator's own version
	KubernetesVersion string   `json:"kubernetesVersion"` // "" is the generator's default
	ConfigPatches     []string `json:"configPatches"`
	Docs              bool     `json:"docs"`
	Examples          bool     `json:"examples"`
}

// Generate returns the configuration of a machine.
func Generate(input Input, bundle *secrets.Bundle) ([]byte, error) {
	machineType, err := machine.ParseType(input.MachineType)
	if err != nil {
		return nil, err
	}
	contract, err := Contract(input.TalosVersion)
	if err != nil {
		return nil, err
	}
	kubernetes := input.KubernetesVersion
	if kubernetes == "" {
		kubernetes = constants.DefaultKubernetesVersion
	}
	generator, err := generate.NewInput(
		input.ClusterName, input.ClusterEndpoint, strings.TrimPrefix(kubernetes, "v"),
		generate.WithVersionContract(contract),
		generate.WithSecretsBundle(bundle),
		generate.WithClusterDiscovery(true),
		generate.WithDNSDomain(constants.DefaultDNSDomain),
		generate.WithInstallDisk("/dev/sda"),
		generate.WithInstallImage(installer()),
	)
	if err != nil {
		return nil, err
	}
	generated, err := generator.Config(machineType)
	if err != nil {
		return nil, err
	}
	patched, err := Patch(configpatcher.WithConfig(generated), input.ConfigPatches)
	if err != nil {
		return nil, err
	}
	result, err := patched.Config()
	if err != nil {
		return nil, err
	}
	return result.EncodeBytes(encoder.WithComments(comments(input)))
}

// Patch applies patches in their order. An unknown key in a patch is an error.
func Patch(to configpatcher.Input, texts []string) (configpatcher.Output, error) {
	patches, err := configpatcher.LoadPatches(texts)
	if err != nil {
		return nil, fmt.Errorf("error parsing config patch: %w", err)
	}
	return configpatcher.Apply(to, patches)
}

// Contract parses a Talos version. "" is the generator's own one.
func Contract(talosVersion string) (*config.VersionContract, error) {
	if talosVersion == "" {
		talosVersion = Version()
	}
	return config.ParseContractFromVersion(talosVersion)
}

// Version is the version of Talos that the generator belongs to, such as v1.13.
func Version() string {
	return strings.Join(strings.SplitN(gendata.VersionTag, ".", 3)[:2], ".")
}

func installer() string {
	return fmt.Sprintf("%s/%s/installer:%s", gendata.ImagesRegistry, gendata.ImagesUsername, gendata.VersionTag)
}

func comments(input Input) encoder.CommentsFlags {
	flags := encoder.CommentsDisabled
	if input.Docs {
		flags |= encoder.CommentsDocs
	}
	if input.Examples {
		flags |= encoder.CommentsExamples
	}
	return flags
}

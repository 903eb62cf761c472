package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/client"
	"go.yaml.in/yaml/v4"

	"cdktf-proxmox-talos/providers/plugin"
)

func clusterKubeconfig() plugin.Resource[none] {
	return plugin.Resource[none]{
		Traits: plugin.Traits{
			"id":                              {Keep: true},
			"kubeconfig_raw":                  {Keep: true},
			"kubernetes_client_configuration": {Keep: true},
			"certificate_renewal_duration":    {Default: "720h"},
		},
		Validate: validateNode,
		Plan:     planKubeconfig,
		Create: func(ctx context.Context, _ none, change *plugin.Change) (plugin.Object, error) {
			return fetchKubeconfig(ctx, change, "create")
		},
		Update: updateKubeconfig,
	}
}

// planKubeconfig plans a new kubeconfig in time before the certificate in the present one ends.
func planKubeconfig(change *plugin.Change) (diagnostics plugin.Diagnostics) {
	if change.Planned == nil || !planEndpoint(change) {
		return nil
	}
	renewal, err := time.ParseDuration(change.Planned.Text("certificate_renewal_duration"))
	if err != nil {
		diagnostics.Error("certificate_renewal_duration", "failed to parse certificate renewal duration in plan", "%s", err)
		return diagnostics
	}
	if expires, err := kubeconfigExpires(change.Prior, renewal); err != nil {
		diagnostics.Error("kubernetes_client_configuration", "failed to decode kubernetes client certificate", "%s", err)
	} else if expires {
		change.Planned["kubernetes_client_configuration"] = change.Unknown("kubernetes_client_configuration")
		change.Planned.SetUnknown("kubeconfig_raw")
	}
	return diagnostics
}

func updateKubeconfig(ctx context.Context, _ none, change *plugin.Change) (plugin.Object, error) {
	renewal, err := time.ParseDuration(change.Planned.Text("certificate_renewal_duration"))
	if err != nil {
		return nil, err
	}
	if expires, err := kubeconfigExpires(change.Prior, renewal); err != nil || !expires {
		return change.Planned, err
	}
	return fetchKubeconfig(ctx, change, "update")
}

func kubeconfigExpires(state plugin.Object, within time.Duration) (bool, error) {
	var kept struct {
		Cert []byte `json:"client_certificate"`
	}
	nested := state["kubernetes_client_configuration"]
	if !plugin.ObjectOf(nested).Has("client_certificate") {
		return false, nil
	}
	if err := json.Unmarshal(plugin.JSON(nested), &kept); err != nil {
		return false, err
	}
	return endsBefore(kept.Cert, now().Add(within))
}

func fetchKubeconfig(ctx context.Context, change *plugin.Change, operation string) (plugin.Object, error) {
	state := change.Planned
	called, err := nodeOf(change.Config, state)
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = called.retry(ctx, timeoutOf(state, operation), func(ctx context.Context, c *client.Client) (err error) {
		raw, err = c.Kubeconfig(ctx)
		return err
	})
	if err != nil {
		return nil, &plugin.Failure{Summary: "failed to retrieve kubeconfig", Detail: err.Error()}
	}
	var parsed kubeconfig
	if err := yaml.Unmarshal(raw, &parsed); err != nil {
		return nil, &plugin.Failure{Summary: "failed to parse kubeconfig", Detail: err.Error()}
	}
	name, client := parsed.current()
	state.Set("id", name)
	state.Set("kubeconfig_raw", string(raw))
	state["kubernetes_client_configuration"] = change.Decode("kubernetes_client_configuration", plugin.Marshal(client))
	return state, nil
}

// kubeconfig is what the provider reads of one.
type kubeconfig struct {
	CurrentContext string `yaml:"current-context"`
	Contexts       []struct {
		Name    string
		Context struct{ Cluster, User string }
	}
	Clusters []struct {
		Name    string
		Cluster struct {
			Server string
			CA     string `yaml:"certificate-authority-data"`
		}
	}
	Users []struct {
		Name string
		User struct {
			Cert string `yaml:"client-certificate-data"`
			Key  string `yaml:"client-key-data"`
		}
	}
}

// current returns the name of the cluster in the current context, and the attribute kubernetes_client_configuration.
func (k kubeconfig) current() (cluster string, client map[string]string) {
	client = map[string]string{}
	user := ""
	for _, each := range k.Contexts {
		if each.Name == k.CurrentContext {
			cluster, user = each.Context.Cluster, each.Context.User
		}
	}
	for _, each := range k.Clusters {
		if each.Name == cluster {
			client["host"], client["ca_certificate"] = each.Cluster.Server, each.Cluster.CA
		}
	}
	for _, each := range k.Users {
		if each.Name == user {
			client["client_certificate"], client["client_key"] = each.User.Cert, each.User.Key
		}
	}
	return cluster, client
}

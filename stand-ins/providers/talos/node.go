package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cdktf-proxmox-talos/providers/plugin"
)

// A node that resources call, through an endpoint, with credentials.
type node struct {
	endpoint, name string
	credentials    clientConfiguration
}

// nodeOf reads the attributes that all resources have in common. The write-only credentials are in no state.
func nodeOf(config, planned plugin.Object) (node, error) {
	credentials, ok := clientOf(config, "client_configuration_wo")
	if !ok {
		credentials, ok = clientOf(planned, "client_configuration")
	}
	if !ok {
		return node{}, &plugin.Failure{Summary: "Client configuration issue",
			Detail: "both client_configuration and client_configuration_wo are null"}
	}
	called := node{endpoint: planned.Text("endpoint"), name: planned.Text("node"), credentials: credentials}
	return called, onThisMachine(called.endpoint)
}

// do calls the node: without credentials, which works in maintenance only, or else with them.
func (n node) do(ctx context.Context, call func(ctx context.Context, c *client.Client) error) error {
	ctx = client.WithNode(ctx, n.name)
	if c, err := n.insecure(ctx); err == nil {
		defer c.Close()
		if _, err := c.Disks(ctx); err == nil {
			return call(ctx, c)
		}
	}
	c, err := client.New(ctx, client.WithConfig(n.credentials.talosconfig("dynamic")), client.WithEndpoints(n.endpoint))
	if err != nil {
		return err
	}
	defer c.Close()
	return call(ctx, c)
}

func (n node) insecure(ctx context.Context) (*client.Client, error) {
	return client.New(ctx, client.WithTLSConfig(&tls.Config{InsecureSkipVerify: true}), client.WithEndpoints(n.endpoint))
}

// The pauses between attempts.
const (
	firstPause = 500 * time.Millisecond
	lastPause  = 10 * time.Second
)

// retry calls the node until it succeeds, refuses the request as wrong, or the time is over. Then the last error counts.
func (n node) retry(ctx context.Context, timeout time.Duration, call func(ctx context.Context, c *client.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var last error
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := n.do(ctx, call)
		if err == nil || status.Code(err) == codes.InvalidArgument {
			return err
		}
		if last == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(pause):
		}
	}
}

// onThisMachine refuses every endpoint that is not on this machine, to keep the stand-in away from real clusters.
func onThisMachine(endpoint string) error {
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		host = endpoint
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return &plugin.Failure{
		Summary: "The stand-in for the talos provider talks to this machine only",
		Detail: fmt.Sprintf("The endpoint is %q, which is no loopback address. This program is a double for local use; for "+
			"a real cluster, let `tofu init` install the real provider: make the provider registry reachable, or name a "+
			"mirror that has it in TF_CLI_CONFIG_FILE.", endpoint),
	}
}

// timeoutOf reads the timeout of an operation: "create", "update" or "delete".
func timeoutOf(object plugin.Object, operation string) time.Duration {
	if timeout, err := time.ParseDuration(plugin.ObjectOf(object["timeouts"]).Text(operation)); err == nil {
		return timeout
	}
	return 10 * time.Minute
}

// validateNode checks the attributes that all resources with nodes have in common.
func validateNode(config plugin.Object) (diagnostics plugin.Diagnostics) {
	exclusive(config, "client_configuration", "client_configuration_wo", "client configuration", &diagnostics)
	for name, value := range plugin.ObjectOf(config["timeouts"]) {
		if text := plugin.TextOf(value); text != "" {
			if _, err := time.ParseDuration(text); err != nil {
				diagnostics.Error("timeouts", "Invalid Timeout Value", "%s is %q, which is no duration: %s", name, text, err)
			}
		}
	}
	return diagnostics
}

// exclusive requires one of two attributes. Without the second one in the schema, the first is required by the schema.
func exclusive(config plugin.Object, one, other, title string, diagnostics *plugin.Diagnostics) {
	second, ok := config[other]
	switch {
	case !ok:
	case config[one].IsNull() && second.IsNull():
		diagnostics.Error("", "Missing "+title, "Exactly one of %s or %s must be set", one, other)
	case !config[one].IsNull() && !second.IsNull():
		diagnostics.Error("", "Conflicting "+title, "Only one of %s or %s can be set, not both", one, other)
	}
}

// planEndpoint plans the node as its endpoint, if none is configured. It tells whether both are known.
func planEndpoint(change *plugin.Change) bool {
	if !change.Config["endpoint"].IsKnown() || !change.Config["node"].IsKnown() {
		return false
	}
	if change.Config["endpoint"].IsNull() {
		change.Planned["endpoint"] = change.Config["node"]
	}
	return true
}

// Package plugin serves a stand-in provider over OpenTofu's plugin protocol: the pinned schema of the real provider, and
// the resources that the stand-in implements. It has what all resources have in common: plans, validation, and the
// conversion of values from and to JSON.
//
// The rules are those of terraform-plugin-framework, which the real providers are built on.
package plugin

import (
	"context"
	"path"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// Provider is a stand-in provider. C is the client of the API, which is made from its configuration.
type Provider[C any] struct {
	Schema      []byte // as `tofu providers schema -json` gives it
	Traits      Traits // of the provider's own configuration
	Validate    func(config Object) Diagnostics
	Configure   func(config Object, about About) (C, error)
	Resources   map[string]Resource[C]
	DataSources map[string]DataSource[C]
	// Read opens an ephemeral resource.
	Ephemerals map[string]DataSource[C]
}

// About has the values for the User-Agent of requests.
type About struct{ ProviderVersion, TofuVersion string }

// Resource is a resource that the stand-in implements. A nil operation is missing in the real provider as well.
type Resource[C any] struct {
	Traits   Traits
	Validate func(config Object) Diagnostics
	// Plan modifies `change.Planned`, in which defaults and unknown values are already set.
	Plan func(change *Change) Diagnostics
	// Create and Update return the new state.
	Create func(ctx context.Context, c C, change *Change) (Object, error)
	Update func(ctx context.Context, c C, change *Change) (Object, error)
	// Read returns nil if the resource no longer exists. Without it, a resource stays as it is in the state.
	Read   func(ctx context.Context, c C, block *Block, state Object) (Object, error)
	Delete func(ctx context.Context, c C, state Object) error
	// Import returns a state that Read can complete.
	Import func(ctx context.Context, c C, block *Block, id string) (Object, error)
}

// DataSource is a data source that the stand-in implements.
type DataSource[C any] struct {
	Traits   Traits
	Validate func(config Object) Diagnostics
	Read     func(ctx context.Context, c C, block *Block, config Object) (Object, error)
}

// Serve runs the provider until OpenTofu ends it.
func Serve[C any](provider Provider[C]) error {
	server, err := newServer(provider)
	if err != nil {
		return err
	}
	return tf6server.Serve(server.schema.address, func() tfprotov6.ProviderServer { return server })
}

// name is the name of the provider, such as "cloudflare".
func (s *schema) name() string { return path.Base(s.address) }

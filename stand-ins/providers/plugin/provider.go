// Package plugin serves the pinned schema of a provider over OpenTofu's plugin protocol, and the resources of it that a
// stand-in carries out. What is common to all resources is here: plans, validation, and values from and to JSON.
//
// The rules are those of terraform-plugin-framework, which the real providers are built on.
package plugin

import (
	"context"
	"path"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// Provider is a stand-in. C is what its configuration becomes, the connection to the API.
type Provider[C any] struct {
	Schema      []byte // as `tofu providers schema -json` gives it
	Traits      Traits // of the provider's own configuration
	Validate    func(config Object) Diagnostics
	Configure   func(config Object, about About) (C, error)
	Resources   map[string]Resource[C]
	DataSources map[string]DataSource[C]
}

// About is for the User-Agent of requests.
type About struct{ ProviderVersion, TofuVersion string }

// Resource that is carried out. What is nil is not there in the real provider either.
type Resource[C any] struct {
	Traits   Traits
	Validate func(config Object) Diagnostics
	// Plan changes `change.Planned`, which has defaults and unknowns already.
	Plan func(change *Change) Diagnostics
	// Create and Update give the new state.
	Create func(ctx context.Context, c C, change *Change) (Object, error)
	Update func(ctx context.Context, c C, change *Change) (Object, error)
	// Read gives nil if the resource is gone.
	Read   func(ctx context.Context, c C, block *Block, state Object) (Object, error)
	Delete func(ctx context.Context, c C, state Object) error
	// Import gives a state that Read can start from.
	Import func(ctx context.Context, c C, block *Block, id string) (Object, error)
}

// DataSource that is carried out.
type DataSource[C any] struct {
	Traits Traits
	Read   func(ctx context.Context, c C, block *Block, config Object) (Object, error)
}

// Serve runs the provider until OpenTofu ends it.
func Serve[C any](provider Provider[C]) error {
	server, err := newServer(provider)
	if err != nil {
		return err
	}
	return tf6server.Serve(server.schema.address, func() tfprotov6.ProviderServer { return server })
}

// name of the provider: "cloudflare".
func (s *schema) name() string { return path.Base(s.address) }

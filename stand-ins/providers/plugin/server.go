package plugin

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// server answers OpenTofu's calls.
type server[C any] struct {
	uncalled
	provider Provider[C]
	schema   *schema
	client   C
}

func newServer[C any](provider Provider[C]) (*server[C], error) {
	schema, err := readSchema(provider.Schema)
	if err != nil {
		return nil, fmt.Errorf("the pinned schema cannot be read: %w", err)
	}
	schema.provider.attach(provider.Traits)
	for name, resource := range provider.Resources {
		schema.resources[name].attach(resource.Traits)
	}
	for name, source := range provider.DataSources {
		schema.dataSources[name].attach(source.Traits)
	}
	for name, source := range provider.Ephemerals {
		schema.ephemerals[name].attach(source.Traits)
	}
	return &server[C]{provider: provider, schema: schema}, nil
}

var capabilities = &tfprotov6.ServerCapabilities{GetProviderSchemaOptional: true, PlanDestroy: true}

func (s *server[C]) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	response := &tfprotov6.GetMetadataResponse{ServerCapabilities: capabilities}
	for _, name := range slices.Sorted(maps.Keys(s.schema.resources)) {
		response.Resources = append(response.Resources, tfprotov6.ResourceMetadata{TypeName: name})
	}
	for _, name := range slices.Sorted(maps.Keys(s.schema.dataSources)) {
		response.DataSources = append(response.DataSources, tfprotov6.DataSourceMetadata{TypeName: name})
	}
	for _, name := range keys(s.schema.ephemerals) {
		response.EphemeralResources = append(response.EphemeralResources, tfprotov6.EphemeralResourceMetadata{TypeName: name})
	}
	return response, nil
}

func (s *server[C]) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	response := &tfprotov6.GetProviderSchemaResponse{
		ServerCapabilities: capabilities,
		Provider:           s.schema.provider.protocol(),
		ResourceSchemas:    map[string]*tfprotov6.Schema{},
		DataSourceSchemas:  map[string]*tfprotov6.Schema{},

		EphemeralResourceSchemas: map[string]*tfprotov6.Schema{},
	}
	for name, block := range s.schema.resources {
		response.ResourceSchemas[name] = block.protocol()
	}
	for name, block := range s.schema.dataSources {
		response.DataSourceSchemas[name] = block.protocol()
	}
	for name, block := range s.schema.ephemerals {
		response.EphemeralResourceSchemas[name] = block.protocol()
	}
	return response, nil
}

func (s *server[C]) ValidateProviderConfig(_ context.Context, request *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	response := &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: request.Config}
	config, err := s.schema.provider.read(request.Config)
	if err != nil {
		return nil, err
	}
	response.Diagnostics = s.schema.provider.check(config, s.provider.Validate)
	return response, nil
}

func (s *server[C]) ConfigureProvider(_ context.Context, request *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	config, err := s.schema.provider.read(request.Config)
	if err != nil {
		return nil, err
	}
	var diagnostics Diagnostics
	s.client, err = s.provider.Configure(config, About{s.schema.version, request.TerraformVersion})
	diagnostics.add(err)
	return &tfprotov6.ConfigureProviderResponse{Diagnostics: diagnostics}, nil
}

func (s *server[C]) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func (s *server[C]) findDataSource(name string) (DataSource[C], *Block, Diagnostics) {
	source, ok := s.provider.DataSources[name]
	if !ok {
		return source, nil, s.refuse("data source", name, keys(s.provider.DataSources))
	}
	return source, s.schema.dataSources[name], nil
}

func (s *server[C]) ValidateDataResourceConfig(_ context.Context, request *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	response := &tfprotov6.ValidateDataResourceConfigResponse{}
	source, block, diagnostics := s.findDataSource(request.TypeName)
	if diagnostics != nil {
		response.Diagnostics = diagnostics
		return response, nil
	}
	config, err := block.read(request.Config)
	if err != nil {
		return nil, err
	}
	response.Diagnostics = block.check(config, source.Validate)
	return response, nil
}

func (s *server[C]) ReadDataSource(ctx context.Context, request *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	response := &tfprotov6.ReadDataSourceResponse{}
	source, block, diagnostics := s.findDataSource(request.TypeName)
	if diagnostics != nil {
		response.Diagnostics = diagnostics
		return response, nil
	}
	config, err := block.read(request.Config)
	if err != nil {
		return nil, err
	}
	state, err := source.Read(ctx, s.client, block, config)
	diagnostics.add(err)
	response.Diagnostics = diagnostics
	response.State, err = block.write(state)
	return response, err
}

// refuse reports a part of the schema that the stand-in does not implement.
func (s *server[C]) refuse(kind, name string, carried []string) Diagnostics {
	var diagnostics Diagnostics
	diagnostics.Error("", "Not carried out by the stand-in provider",
		"This is the stand-in for the %s provider %s. It knows the schema of the %s %s, but does not carry it out; it carries out %s. Use the real provider for anything else.",
		s.schema.name(), s.schema.version, kind, name, strings.Join(carried, ", "))
	return diagnostics
}

func keys[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }

// check validates a configuration.
func (b *Block) check(config Object, more func(config Object) Diagnostics) []*tfprotov6.Diagnostic {
	var diagnostics Diagnostics
	b.Attributes.validate(config, tftypes.NewAttributePath(), &diagnostics)
	if more != nil {
		diagnostics = append(diagnostics, more(config)...)
	}
	return diagnostics
}

func (b *Block) read(value *tfprotov6.DynamicValue) (Object, error) {
	decoded, err := value.Unmarshal(b.Type())
	if err != nil {
		return nil, err
	}
	return ObjectOf(decoded), nil
}

func (b *Block) write(object Object) (*tfprotov6.DynamicValue, error) {
	value, err := tfprotov6.NewDynamicValue(b.Type(), b.value(object))
	return &value, err
}

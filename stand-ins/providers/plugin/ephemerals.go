package plugin

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

func (s *server[C]) findEphemeral(name string) (DataSource[C], *Block, Diagnostics) {
	source, ok := s.provider.Ephemerals[name]
	if !ok {
		return source, nil, s.refuse("ephemeral resource", name, keys(s.provider.Ephemerals))
	}
	return source, s.schema.ephemerals[name], nil
}

func (s *server[C]) ValidateEphemeralResourceConfig(_ context.Context, request *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	source, block, diagnostics := s.findEphemeral(request.TypeName)
	if diagnostics != nil {
		return &tfprotov6.ValidateEphemeralResourceConfigResponse{Diagnostics: diagnostics}, nil
	}
	config, err := block.read(request.Config)
	if err != nil {
		return nil, err
	}
	return &tfprotov6.ValidateEphemeralResourceConfigResponse{Diagnostics: block.check(config, source.Validate)}, nil
}

func (s *server[C]) OpenEphemeralResource(ctx context.Context, request *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	source, block, diagnostics := s.findEphemeral(request.TypeName)
	if diagnostics != nil {
		return &tfprotov6.OpenEphemeralResourceResponse{Diagnostics: diagnostics}, nil
	}
	config, err := block.read(request.Config)
	if err != nil {
		return nil, err
	}
	opened, err := source.Read(ctx, s.client, block, config)
	diagnostics.add(err)
	result, err := block.write(opened)
	return &tfprotov6.OpenEphemeralResourceResponse{Result: result, Diagnostics: diagnostics}, err
}

// CloseEphemeralResource does nothing: what was opened is a value and no connection.
func (s *server[C]) CloseEphemeralResource(context.Context, *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	return &tfprotov6.CloseEphemeralResourceResponse{}, nil
}

package plugin

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// find returns a resource and its schema, or diagnostics that the stand-in does not implement it.
func (s *server[C]) find(name string) (Resource[C], *Block, Diagnostics) {
	resource, ok := s.provider.Resources[name]
	if !ok {
		return resource, nil, s.refuse("resource", name, keys(s.provider.Resources))
	}
	return resource, s.schema.resources[name], nil
}

func (s *server[C]) ValidateResourceConfig(_ context.Context, request *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	resource, block, refused := s.find(request.TypeName)
	if refused != nil {
		return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: refused}, nil
	}
	config, err := block.read(request.Config)
	if err != nil {
		return nil, err
	}
	return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: block.check(config, resource.Validate)}, nil
}

func (s *server[C]) UpgradeResourceState(_ context.Context, request *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	_, block, diagnostics := s.find(request.TypeName)
	if diagnostics != nil {
		return &tfprotov6.UpgradeResourceStateResponse{Diagnostics: diagnostics}, nil
	}
	if request.Version != block.Version {
		diagnostics.Error("", "Not carried out by the stand-in provider",
			"The state has %s in version %d. The stand-in reads version %d only; the real provider upgrades it.",
			request.TypeName, request.Version, block.Version)
		return &tfprotov6.UpgradeResourceStateResponse{Diagnostics: diagnostics}, nil
	}
	options := tfprotov6.UnmarshalOpts{}
	options.ValueFromJSONOpts.IgnoreUndefinedAttributes = true
	value, err := request.RawState.UnmarshalWithOpts(block.Type(), options)
	if err != nil {
		return nil, err
	}
	state, err := block.write(ObjectOf(value))
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: state}, err
}

func (s *server[C]) ReadResource(ctx context.Context, request *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	response := &tfprotov6.ReadResourceResponse{NewState: request.CurrentState, Private: request.Private}
	resource, block, diagnostics := s.find(request.TypeName)
	if diagnostics != nil || resource.Read == nil {
		response.Diagnostics = diagnostics
		return response, nil
	}
	state, err := block.read(request.CurrentState)
	if err != nil {
		return nil, err
	}
	refreshed, err := resource.Read(ctx, s.client, block, state)
	if err != nil {
		diagnostics.add(err)
		response.Diagnostics = diagnostics
		return response, nil
	}
	if refreshed == nil {
		diagnostics.Warn("Resource not found", "The resource was not found on the server and will be removed from state.")
		response.Diagnostics = diagnostics
	}
	response.NewState, err = block.write(block.Attributes.settle(state, refreshed))
	return response, err
}

func (s *server[C]) PlanResourceChange(_ context.Context, request *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	resource, block, diagnostics := s.find(request.TypeName)
	if diagnostics != nil {
		return &tfprotov6.PlanResourceChangeResponse{Diagnostics: diagnostics}, nil
	}
	change, err := block.change(request.Config, request.PriorState, request.ProposedNewState)
	if err != nil {
		return nil, err
	}
	if change.Planned != nil {
		block.plan(change)
	}
	if resource.Plan != nil {
		diagnostics = resource.Plan(change)
	}
	planned, err := block.write(block.withoutWriteOnly(change.Planned))
	return &tfprotov6.PlanResourceChangeResponse{
		PlannedState:    planned,
		RequiresReplace: block.replaced(change),
		PlannedPrivate:  request.PriorPrivate,
		Diagnostics:     diagnostics,
	}, err
}

func (s *server[C]) ApplyResourceChange(ctx context.Context, request *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	// A failure leaves the state as it was.
	response := &tfprotov6.ApplyResourceChangeResponse{NewState: request.PriorState, Private: request.PlannedPrivate}
	resource, block, diagnostics := s.find(request.TypeName)
	if diagnostics != nil {
		response.Diagnostics = diagnostics
		return response, nil
	}
	change, err := block.change(request.Config, request.PriorState, request.PlannedState)
	if err != nil {
		return nil, err
	}
	state, err := resource.apply(ctx, s.client, change)
	if err != nil {
		diagnostics.add(err)
		response.Diagnostics = diagnostics
		return response, nil
	}
	response.NewState, err = block.write(block.withoutWriteOnly(block.Attributes.settle(change.Planned, state)))
	return response, err
}

func (r Resource[C]) apply(ctx context.Context, client C, change *Change) (Object, error) {
	switch {
	case change.Prior == nil:
		return r.Create(ctx, client, change)
	case change.Planned != nil:
		return r.Update(ctx, client, change)
	case r.Delete != nil:
		return nil, r.Delete(ctx, client, change.Prior)
	}
	return nil, nil
}

func (s *server[C]) ImportResourceState(ctx context.Context, request *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	response := &tfprotov6.ImportResourceStateResponse{}
	resource, block, diagnostics := s.find(request.TypeName)
	if diagnostics == nil && resource.Import == nil {
		diagnostics.Error("", "Resource Import Not Implemented", "%s does not support import.", request.TypeName)
	}
	if diagnostics != nil {
		response.Diagnostics = diagnostics
		return response, nil
	}
	imported, err := resource.Import(ctx, s.client, block, request.ID)
	if err != nil {
		diagnostics.add(err)
		response.Diagnostics = diagnostics
		return response, nil
	}
	state, err := block.write(imported)
	response.ImportedResources = []*tfprotov6.ImportedResource{{TypeName: request.TypeName, State: state}}
	return response, err
}

// MoveResourceState refuses every move from another type, as terraform-plugin-framework does for a resource without one.
func (s *server[C]) MoveResourceState(_ context.Context, request *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	var diagnostics Diagnostics
	diagnostics.Error("", "Unable to Move Resource State",
		"The target resource implementation does not include move resource state support.\n\nSource Resource Type: %s\nTarget Resource Type: %s",
		request.SourceTypeName, request.TargetTypeName)
	return &tfprotov6.MoveResourceStateResponse{Diagnostics: diagnostics}, nil
}

func (b *Block) change(config, prior, planned *tfprotov6.DynamicValue) (change *Change, err error) {
	change = &Change{Block: b}
	for object, value := range map[*Object]*tfprotov6.DynamicValue{
		&change.Config: config, &change.Prior: prior, &change.Planned: planned,
	} {
		if *object, err = b.read(value); err != nil {
			return nil, err
		}
	}
	return change, nil
}

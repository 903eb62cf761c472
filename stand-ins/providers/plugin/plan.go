package plugin

import (
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Change is a change of a resource that OpenTofu plans or applies.
type Change struct {
	*Block
	Config  Object // nil to destroy
	Prior   Object // nil to create
	Planned Object // nil to destroy
	// Names of attributes whose change requires a new resource here, besides those that the traits name.
	Replaces []string
}

// plan turns the proposed value into the planned one. It sets defaults and, if anything changes, makes the values that
// the server computes "known after apply".
func (b *Block) plan(change *Change) {
	change.Planned = b.withoutWriteOnly(b.Attributes.withDefaults(change.Planned, change.Config))
	if change.Prior == nil || !b.value(change.Planned).Equal(b.value(change.Prior)) {
		change.Planned = b.Attributes.markUnknown(change.Planned, change.Config)
	}
	for name, attribute := range b.Attributes {
		if attribute.Keep && !change.Planned[name].IsKnown() && known(change.Prior[name]) {
			change.Planned[name] = change.Prior[name]
		}
	}
}

// replaced returns the paths of changed values that require a new resource.
func (b *Block) replaced(change *Change) []*tftypes.AttributePath {
	if change.Prior == nil || change.Planned == nil {
		return nil
	}
	var paths []*tftypes.AttributePath
	for _, name := range b.Attributes.names() {
		attribute := b.Attributes[name]
		replaces := attribute.Replace == Always || attribute.Replace == IfConfigured && !change.Config[name].IsNull() ||
			slices.Contains(change.Replaces, name)
		if replaces && !change.Planned[name].Equal(change.Prior[name]) {
			paths = append(paths, tftypes.NewAttributePath().WithAttributeName(name))
		}
	}
	return paths
}

func (as Attributes) withDefaults(planned, config Object) Object {
	return as.each(planned, config, func(a *Attribute, planned, config tftypes.Value) (tftypes.Value, bool) {
		if a.Default == nil || !config.IsNull() {
			return planned, false
		}
		return tftypes.NewValue(a.Type, a.Default), true
	})
}

func (as Attributes) markUnknown(planned, config Object) Object {
	return as.each(planned, config, func(a *Attribute, planned, config tftypes.Value) (tftypes.Value, bool) {
		if !a.Computed || a.Default != nil || !config.IsNull() {
			return planned, false
		}
		return tftypes.NewValue(a.Type, tftypes.UnknownValue), true
	})
}

// each lets `visit` replace values, from the outside to the inside, until it reports that it is done with a value.
// Sets are visited as a whole.
func (as Attributes) each(
	planned, config Object,
	visit func(a *Attribute, planned, config tftypes.Value) (value tftypes.Value, done bool),
) Object {
	object := Object{}
	for name, a := range as {
		value, done := visit(a, planned[name], config[name])
		if !done && known(value) {
			switch a.Nesting {
			case "single":
				value = a.Object(a.Attributes.each(ObjectOf(value), ObjectOf(config[name]), visit))
			case "list":
				elements, configs := Elements(value), Elements(config[name])
				for i, element := range elements {
					inner := a.Attributes.each(ObjectOf(element), ObjectOf(item(configs, i)), visit)
					elements[i] = a.Object(inner)
				}
				value = tftypes.NewValue(a.Type, elements)
			}
		}
		object[name] = value
	}
	return object
}

// withoutWriteOnly removes what must be neither in a plan nor in a state.
func (b *Block) withoutWriteOnly(object Object) Object {
	for name, attribute := range b.Attributes {
		if object != nil && attribute.WriteOnly {
			object[name] = attribute.null()
		}
	}
	return object
}

// EqualFold reports whether two strings are equal apart from their case. Null and unknown are not equal to anything.
func EqualFold(x, y tftypes.Value) bool {
	return known(x) && known(y) && strings.EqualFold(TextOf(x), TextOf(y))
}

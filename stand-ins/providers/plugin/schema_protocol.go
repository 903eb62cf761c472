package plugin

import "github.com/hashicorp/terraform-plugin-go/tfprotov6"

// protocol converts the block to OpenTofu's plugin protocol.
func (b *Block) protocol() *tfprotov6.Schema {
	return &tfprotov6.Schema{
		Version: b.Version,
		Block:   &tfprotov6.SchemaBlock{Version: b.Version, Attributes: b.Attributes.protocol(), Deprecated: b.deprecated},
	}
}

func (as Attributes) protocol() []*tfprotov6.SchemaAttribute {
	modes := map[string]tfprotov6.SchemaObjectNestingMode{
		"single": tfprotov6.SchemaObjectNestingModeSingle,
		"list":   tfprotov6.SchemaObjectNestingModeList,
		"set":    tfprotov6.SchemaObjectNestingModeSet,
	}
	var attributes []*tfprotov6.SchemaAttribute
	for _, name := range as.names() {
		a := as[name]
		attribute := &tfprotov6.SchemaAttribute{
			Name: name, Required: a.Required, Optional: a.Optional, Computed: a.Computed,
			Sensitive: a.Sensitive, WriteOnly: a.WriteOnly, Deprecated: a.Deprecated,
		}
		if a.Nesting == "" {
			attribute.Type = a.Type
		} else {
			attribute.NestedType = &tfprotov6.SchemaObject{Nesting: modes[a.Nesting], Attributes: a.Attributes.protocol()}
		}
		attributes = append(attributes, attribute)
	}
	return attributes
}

package plugin

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Attribute is an attribute of the pinned schema, with its traits.
type Attribute struct {
	Trait
	Name       string
	Type       tftypes.Type
	Nesting    string // "" for a plain value, "single", "list" or "set" for objects
	Required   bool
	Optional   bool
	Computed   bool
	Sensitive  bool
	WriteOnly  bool
	Deprecated bool
	Attributes Attributes // of a nested object
}

// Attributes of an object, by name.
type Attributes map[string]*Attribute

// Trait is what a provider knows of an attribute and its schema does not say.
type Trait struct {
	Wire      string   // its name in JSON, if another; "-" if it is not in the JSON
	JSON      bool     // a string that holds JSON: on the wire it is that JSON, byte for byte
	Time      bool     // an RFC 3339 time
	Whole     bool     // a number without a fraction
	OneOf     []string // in any case of letters
	Default   any      // planned where the configuration has none
	Keep      bool     // unknown in a plan: the value of the state stays
	Replace   Replace  // whether another value needs a new resource
	NoRefresh bool     // sent or told once, never read back
	Answered  bool     // taken from the answer to a write too, although it is configured
	Refused   bool     // the stand-in does not carry it out
}

// Replace is when a changed value requires a new resource.
type Replace int

const (
	InPlace Replace = iota
	Always
	IfConfigured
)

// Traits has the traits of attributes by path: "rules.condition.type".
type Traits map[string]Trait

// Block is the schema of a resource, a data source or the provider itself.
type Block struct {
	Version    int64
	Attributes Attributes
	deprecated bool
}

// Type is the type of the block's value.
func (b *Block) Type() tftypes.Object { return b.Attributes.objectType() }

func (as Attributes) objectType() tftypes.Object {
	types := map[string]tftypes.Type{}
	for name, attribute := range as {
		types[name] = attribute.Type
	}
	return tftypes.Object{AttributeTypes: types}
}

func (as Attributes) names() []string { return slices.Sorted(maps.Keys(as)) }

// attach adds traits. It panics for an attribute that the schema does not have.
func (b *Block) attach(traits Traits) {
	for path, trait := range traits {
		attributes := b.Attributes
		names := strings.Split(path, ".")
		for _, name := range names[:len(names)-1] {
			if attributes[name] == nil {
				panic("the schema has no attribute " + path)
			}
			attributes = attributes[name].Attributes
		}
		attribute := attributes[names[len(names)-1]]
		if attribute == nil {
			panic("the schema has no attribute " + path)
		}
		attribute.Trait = trait
	}
}

// document is the JSON of `tofu providers schema -json`, as far as the pinned schemas use it.
type document struct {
	ProviderSchemas map[string]struct {
		Provider          blockDocument            `json:"provider"`
		ResourceSchemas   map[string]blockDocument `json:"resource_schemas"`
		DataSourceSchemas map[string]blockDocument `json:"data_source_schemas"`
		EphemeralSchemas  map[string]blockDocument `json:"ephemeral_resource_schemas"`
	} `json:"provider_schemas"`
	ProviderVersions map[string]string `json:"provider_versions"`
}

type blockDocument struct {
	Version int64 `json:"version"`
	Block   struct {
		Attributes map[string]attributeDocument `json:"attributes"`
		BlockTypes map[string]any               `json:"block_types"`
		Deprecated bool                         `json:"deprecated"`
	} `json:"block"`
}

type attributeDocument struct {
	Type       json.RawMessage `json:"type"`
	NestedType *struct {
		Attributes  map[string]attributeDocument `json:"attributes"`
		NestingMode string                       `json:"nesting_mode"`
	} `json:"nested_type"`
	Required   bool `json:"required"`
	Optional   bool `json:"optional"`
	Computed   bool `json:"computed"`
	Sensitive  bool `json:"sensitive"`
	WriteOnly  bool `json:"write_only"`
	Deprecated bool `json:"deprecated"`
}

// schema of a provider.
type schema struct {
	address     string // registry.terraform.io/namespace/name
	version     string
	provider    *Block
	resources   map[string]*Block
	dataSources map[string]*Block
	ephemerals  map[string]*Block
}

func readSchema(data []byte) (*schema, error) {
	var file document
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	if len(file.ProviderSchemas) != 1 {
		return nil, fmt.Errorf("a schema of one provider was expected, but it is of %d", len(file.ProviderSchemas))
	}
	read := &schema{}
	for address, content := range file.ProviderSchemas {
		read.address, read.version = address, file.ProviderVersions[address]
		var err error
		if read.provider, err = content.Provider.read(); err != nil {
			return nil, err
		}
		if read.resources, err = readAll(content.ResourceSchemas); err != nil {
			return nil, err
		}
		if read.dataSources, err = readAll(content.DataSourceSchemas); err != nil {
			return nil, err
		}
		if read.ephemerals, err = readAll(content.EphemeralSchemas); err != nil {
			return nil, err
		}
	}
	return read, nil
}

func readAll(documents map[string]blockDocument) (map[string]*Block, error) {
	blocks := map[string]*Block{}
	for name, document := range documents {
		block, err := document.read()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		blocks[name] = block
	}
	return blocks, nil
}

func (d blockDocument) read() (*Block, error) {
	if len(d.Block.BlockTypes) > 0 {
		return nil, fmt.Errorf("nested blocks are not served, only attributes")
	}
	attributes, err := readAttributes(d.Block.Attributes)
	return &Block{Version: d.Version, Attributes: attributes, deprecated: d.Block.Deprecated}, err
}

func readAttributes(documents map[string]attributeDocument) (Attributes, error) {
	attributes := Attributes{}
	for name, d := range documents {
		attribute := &Attribute{
			Name: name, Required: d.Required, Optional: d.Optional, Computed: d.Computed,
			Sensitive: d.Sensitive, WriteOnly: d.WriteOnly, Deprecated: d.Deprecated,
		}
		if err := attribute.readType(d); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		attributes[name] = attribute
	}
	return attributes, nil
}

func (a *Attribute) readType(d attributeDocument) (err error) {
	if d.NestedType == nil {
		//lint:ignore SA1019 the pinned schemas have types in exactly this notation
		a.Type, err = tftypes.ParseJSONType(d.Type)
		return err
	}
	if a.Attributes, err = readAttributes(d.NestedType.Attributes); err != nil {
		return err
	}
	object := a.Attributes.objectType()
	switch a.Nesting = d.NestedType.NestingMode; a.Nesting {
	case "single":
		a.Type = object
	case "list":
		a.Type = tftypes.List{ElementType: object}
	case "set":
		a.Type = tftypes.Set{ElementType: object}
	default:
		return fmt.Errorf("nesting mode %q is not served", a.Nesting)
	}
	return nil
}

// ResourceBlock returns the schema of one resource, without traits.
func ResourceBlock(pinned []byte, name string) (*Block, error) {
	read, err := readSchema(pinned)
	if err != nil {
		return nil, err
	}
	return read.resources[name], nil
}

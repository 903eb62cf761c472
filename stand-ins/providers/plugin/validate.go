package plugin

import (
	"math/big"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// validate checks a configuration against the schema and the traits. Unknown values are not checked.
func (as Attributes) validate(config Object, at *tftypes.AttributePath, diagnostics *Diagnostics) {
	for _, name := range as.names() {
		as[name].validate(config[name], at.WithAttributeName(name), diagnostics)
	}
}

func (a *Attribute) validate(config tftypes.Value, at *tftypes.AttributePath, diagnostics *Diagnostics) {
	if a.Computed && !a.Optional && !config.IsNull() {
		diagnostics.errorAt(at, "Invalid Configuration for Read-Only Attribute",
			"The provider sets %s; remove it from the configuration.", pathText(at))
	}
	if a.Required && config.IsNull() {
		diagnostics.errorAt(at, "Missing Configuration for Required Attribute", "%s must have a value.", pathText(at))
	}
	if !known(config) {
		return
	}
	if a.Refused {
		diagnostics.errorAt(at, "Not carried out by the stand-in provider",
			"The stand-in does not carry out %s; only the real provider does.", pathText(at))
	}
	switch a.Nesting {
	case "":
		a.validatePlain(config, at, diagnostics)
	case "single":
		a.Attributes.validate(ObjectOf(config), at, diagnostics)
	case "list":
		for i, element := range Elements(config) {
			a.Attributes.validate(ObjectOf(element), at.WithElementKeyInt(i), diagnostics)
		}
	case "set":
		for _, element := range Elements(config) {
			a.Attributes.validate(ObjectOf(element), at.WithElementKeyValue(element), diagnostics)
		}
	}
	if a.Deprecated {
		diagnostics.warnAt(at, "Attribute Deprecated", "This attribute is deprecated.")
	}
}

func (a *Attribute) validatePlain(config tftypes.Value, at *tftypes.AttributePath, diagnostics *Diagnostics) {
	if a.Time {
		if _, err := time.Parse(time.RFC3339, TextOf(config)); err != nil {
			diagnostics.errorAt(at, "Invalid RFC3339 String Value", "%s is %q, which is no RFC 3339 time.", pathText(at), TextOf(config))
		}
	}
	if a.Whole {
		var number big.Float
		if _ = config.As(&number); !number.IsInt() {
			diagnostics.errorAt(at, "Configuration Read Error", "Value %s of %s is not an integer.", number.String(), pathText(at))
		}
	}
	if len(a.OneOf) == 0 {
		return
	}
	texts := []string{TextOf(config)}
	if !a.Type.Is(tftypes.String) {
		texts = nil
		for _, element := range Elements(config) {
			texts = append(texts, TextOf(element))
		}
	}
	for _, text := range texts {
		if !containsFold(a.OneOf, text) {
			diagnostics.errorAt(at, "Invalid Attribute Value Match",
				"Attribute %s value must be one of: %q, got: %q", pathText(at), a.OneOf, text)
		}
	}
}

func containsFold(texts []string, wanted string) bool {
	for _, text := range texts {
		if strings.EqualFold(text, wanted) {
			return true
		}
	}
	return false
}

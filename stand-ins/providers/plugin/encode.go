package plugin

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func (a *Attribute) wire() string {
	if a.Wire != "" {
		return a.Wire
	}
	return a.Name
}

// sent reports whether an attribute is sent in request bodies, which those that only the server computes are not.
func (a *Attribute) sent() bool { return a.Wire != "-" && (a.Required || a.Optional) }

// Encode returns the JSON of the attributes that a configuration can set, with sorted keys and without null and unknown
// values. An attribute that is null now but was not in `prior` becomes an explicit null. A creation has no prior.
func (b *Block) Encode(object, prior Object) json.RawMessage {
	fields := b.Attributes.encode(object)
	for name, attribute := range b.Attributes {
		if attribute.sent() && object[name].IsNull() && prior != nil && known(prior[name]) {
			fields[attribute.wire()] = json.RawMessage("null")
		}
	}
	return Marshal(fields)
}

// EncodeAttribute returns the JSON of an attribute, or nil for null and unknown.
func (b *Block) EncodeAttribute(name string, object Object) json.RawMessage {
	return b.Attributes[name].encode(object[name])
}

func (as Attributes) encode(object Object) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	for name, attribute := range as {
		if !attribute.sent() {
			continue
		}
		if encoded := attribute.encode(object[name]); encoded != nil {
			fields[attribute.wire()] = encoded
		}
	}
	return fields
}

func (a *Attribute) encode(value tftypes.Value) json.RawMessage {
	switch {
	case !known(value):
		return nil
	case a.Nesting == "single":
		return Marshal(a.Attributes.encode(ObjectOf(value)))
	case a.Nesting != "":
		items := []json.RawMessage{}
		for _, element := range Elements(value) {
			items = append(items, Marshal(a.Attributes.encode(ObjectOf(element))))
		}
		return Marshal(items)
	case a.JSON:
		return json.RawMessage(TextOf(value))
	case a.Time:
		if instant, err := time.Parse(time.RFC3339, TextOf(value)); err == nil {
			return Marshal(instant.Format(time.RFC3339))
		}
	}
	return encodePlain(value)
}

func encodePlain(value tftypes.Value) json.RawMessage {
	switch typ := value.Type(); {
	case typ.Is(tftypes.String):
		return Marshal(TextOf(value))
	case typ.Is(tftypes.Bool):
		var flag bool
		_ = value.As(&flag)
		return Marshal(flag)
	case typ.Is(tftypes.Number):
		return json.RawMessage(strconv.FormatFloat(float(value), 'f', -1, 64))
	}
	items := []json.RawMessage{}
	for _, element := range Elements(value) {
		items = append(items, encodePlain(element))
	}
	return Marshal(items)
}

// JSON returns the JSON of a value of any type, without null and unknown values in objects.
func JSON(value tftypes.Value) json.RawMessage {
	if object := ObjectOf(value); object != nil {
		fields := map[string]json.RawMessage{}
		for name, field := range object {
			if known(field) {
				fields[name] = JSON(field)
			}
		}
		return Marshal(fields)
	}
	if !known(value) {
		return json.RawMessage("null")
	}
	return encodePlain(value)
}

// Marshal returns compact JSON. It panics for a value that has none.
func Marshal(value any) json.RawMessage {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return encoded
}

package main

import (
	"bytes"
	"context"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"cdktf-proxmox-talos/providers/plugin"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const secretText = "secret_text"

// deployed are the attributes in the answer about the service. All others are in the answer about the settings.
var deployed = []string{
	"created_on", "etag", "handlers", "has_assets", "has_modules", "last_deployed_from", "migration_tag", "modified_on",
	"named_handlers", "startup_time_ms",
}

// readScript requests the service, the settings and the content, in this order.
func readScript(ctx context.Context, c *client, block *plugin.Block, state plugin.Object) (plugin.Object, error) {
	service, err := call(ctx, c, request{method: "GET", path: servicePath}, state)
	if service != nil && service.status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	settings, err := call(ctx, c, request{method: "GET", path: scriptPath + "/settings"}, state)
	if err != nil {
		return nil, err
	}
	accept := http.Header{"Accept": {"string"}}
	content, err := call(ctx, c, request{method: "GET", path: scriptPath + "/content/v2", header: accept}, state)
	if err != nil {
		return nil, err
	}

	environment := plugin.Fields(service.result())["default_environment"]
	read := overlay(block.Attributes, state, block.Refresh(nil, plugin.Fields(environment)["script"]))
	set := block.Refresh(nil, settings.result())
	if set["placement"].IsNull() {
		return nil, &plugin.Failure{
			Summary: "settings without placement",
			Detail:  "The real provider crashes on settings of a script that have no `placement`; answer an empty object.",
		}
	}
	for _, name := range deployed {
		set[name] = read[name]
	}
	read = overlay(block.Attributes, read, set)
	read["bindings"] = bindingsOf(set["bindings"], state["bindings"])
	if !state["migrations"].IsNull() {
		read["migrations"] = state["migrations"]
	}
	if !plugin.ObjectOf(read["placement"]).Has("mode") {
		read.SetNull("placement")
	}
	return read, readContent(content, read)
}

// overlay replaces values of the state by those of an answer. A value that the answer lacks is kept, unless it is a
// collection that the server may compute.
func overlay(attributes plugin.Attributes, state, answered plugin.Object) plugin.Object {
	object := plugin.Object{}
	for name, attribute := range attributes {
		old, new := state[name], answered[name]
		plain := attribute.Type.Is(tftypes.String) || attribute.Type.Is(tftypes.Number) || attribute.Type.Is(tftypes.Bool)
		switch {
		case attribute.Wire == "-", new.IsNull() && (plain || !attribute.Computed):
			object[name] = old
		case attribute.Nesting == "single" && !attribute.Computed && !old.IsNull():
			object[name] = attribute.Object(overlay(attribute.Attributes, plugin.ObjectOf(old), plugin.ObjectOf(new)))
		case attribute.Type.Is(tftypes.List{}) && !attribute.Computed:
			object[name] = overlayItems(old, new)
		default:
			object[name] = new
		}
	}
	return object
}

// overlayItems replaces the beginning of a list by another list. As in the real provider, a list that has become shorter
// is therefore not noticed.
func overlayItems(old, new tftypes.Value) tftypes.Value {
	items, olds := plugin.Elements(new), plugin.Elements(old)
	if len(olds) > len(items) {
		items = append(items, olds[len(items):]...)
	}
	return tftypes.NewValue(new.Type(), items)
}

// bindingsOf compares only which bindings exist: it notices a secret that is gone, and a new binding that is not a
// secret. Everything else stays as it is in the state.
func bindingsOf(answered, state tftypes.Value) tftypes.Value {
	found := map[string]tftypes.Value{}
	for _, element := range plugin.Elements(answered) {
		found[bindingKey(element)] = element
	}
	known, bindings := map[string]bool{}, []tftypes.Value{}
	for _, element := range plugin.Elements(state) {
		key, old := bindingKey(element), plugin.ObjectOf(element)
		known[key] = true
		if old.Text("type") != secretText {
			bindings = append(bindings, element)
		} else if secret, ok := found[key]; ok {
			new := plugin.ObjectOf(secret)
			if old.Has("text") {
				new["text"] = old["text"]
			}
			bindings = append(bindings, tftypes.NewValue(element.Type(), map[string]tftypes.Value(new)))
		}
	}
	for _, element := range plugin.Elements(answered) {
		if !known[bindingKey(element)] && plugin.ObjectOf(element).Text("type") != secretText {
			bindings = append(bindings, element)
		}
	}
	return tftypes.NewValue(answered.Type(), bindings)
}

func bindingKey(element tftypes.Value) string {
	binding := plugin.ObjectOf(element)
	return binding.Text("type") + " " + binding.Text("name")
}

// readContent sets the hash of the content, and the content itself only if the configuration has it.
func readContent(got *answer, script plugin.Object) error {
	if got.status == http.StatusNoContent {
		script.SetNull("content")
		return nil
	}
	content, err := firstPart(got)
	if err != nil {
		return err
	}
	if script["content_file"].IsNull() {
		script.Set("content", string(content))
	}
	if !script["content_sha256"].IsNull() {
		script.Set("content_sha256", hash(content))
	}
	return nil
}

func firstPart(got *answer) ([]byte, error) {
	mediaType, parameters, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	if err != nil {
		return nil, &plugin.Failure{Summary: "failed parsing content-type", Detail: err.Error()}
	}
	if !strings.HasPrefix(mediaType, "multipart/") {
		return got.body, nil
	}
	first, err := multipart.NewReader(bytes.NewReader(got.body), parameters["boundary"]).NextPart()
	if err != nil {
		return nil, &plugin.Failure{Summary: "failed to read response body", Detail: err.Error()}
	}
	return io.ReadAll(first)
}

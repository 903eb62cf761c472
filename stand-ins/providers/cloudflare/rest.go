package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"cdktf-proxmox-talos/providers/plugin"
)

// rest is a resource with one request for each operation. A request is "METHOD path". In the path, "{name}" stands for
// an attribute of the resource, or "{parameter=name}" if the API has another name for it.
type rest struct {
	traits plugin.Traits
	// An operation without a request sends nothing.
	create, read, update, delete string
	// The answer to a DELETE may be empty.
	mutedDelete bool
	// The attribute whose value `id` repeats, if any.
	id string
	// The parts of an import ID, each an attribute or "parameter=attribute". Empty if the resource has no import.
	importID []string
	plan     func(change *plugin.Change) plugin.Diagnostics
	header   func(method string, object plugin.Object) http.Header
	// The body of create and update. If nil, it is the JSON of all attributes.
	body func(change *plugin.Change) []byte
	// Checks an answer, and returns an error to refuse it.
	check func(result json.RawMessage) error
}

func (r rest) resource() plugin.Resource[*client] {
	resource := plugin.Resource[*client]{Traits: r.traits, Plan: r.plan, Read: r.doRead}
	resource.Create = func(ctx context.Context, c *client, change *plugin.Change) (plugin.Object, error) {
		return r.write(ctx, c, r.create, change)
	}
	resource.Update = func(ctx context.Context, c *client, change *plugin.Change) (plugin.Object, error) {
		return r.write(ctx, c, r.update, change)
	}
	if r.delete != "" {
		resource.Delete = func(ctx context.Context, c *client, state plugin.Object) error {
			got, err := r.send(ctx, c, r.delete, state, nil)
			if err == nil && !r.mutedDelete {
				err = got.expectJSON()
			}
			return err
		}
	}
	if len(r.importID) > 0 {
		resource.Import = r.doImport
	}
	return resource
}

func (r rest) write(ctx context.Context, c *client, call string, change *plugin.Change) (plugin.Object, error) {
	var body []byte
	if r.body != nil {
		body = r.body(change)
	} else {
		body = change.Encode(change.Planned, change.Prior)
	}
	got, err := r.send(ctx, c, call, change.Planned, body)
	if err != nil {
		return nil, err
	}
	return r.finish(change.Fill(change.Planned, got.result()), got)
}

func (r rest) doRead(ctx context.Context, c *client, block *plugin.Block, state plugin.Object) (plugin.Object, error) {
	got, err := r.send(ctx, c, r.read, state, nil)
	if got != nil && got.status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r.finish(block.Refresh(state, got.result()), got)
}

func (r rest) doImport(ctx context.Context, c *client, block *plugin.Block, id string) (plugin.Object, error) {
	state := block.Empty()
	if err := parseImportID(id, r.importID, state); err != nil {
		return nil, err
	}
	got, err := r.send(ctx, c, r.read, state, nil)
	if err != nil {
		return nil, err
	}
	return r.finish(block.Refresh(state, got.result()), got)
}

func (r rest) finish(read plugin.Object, got *answer) (plugin.Object, error) {
	if r.check != nil {
		if err := r.check(got.result()); err != nil {
			return nil, &plugin.Failure{Summary: "failed to deserialize http request", Detail: err.Error()}
		}
	}
	if r.id != "" {
		read["id"] = read[r.id]
	}
	return read, nil
}

func (r rest) send(ctx context.Context, c *client, call string, object plugin.Object, body []byte) (*answer, error) {
	method, path, _ := strings.Cut(call, " ")
	path, err := expand(path, object)
	if err != nil {
		return nil, failed(err)
	}
	request := request{method: method, path: path, contentType: "application/json", body: body}
	if r.header != nil {
		request.header = r.header(method, object)
	}
	return c.send(ctx, request)
}

var placeholder = regexp.MustCompile(`\{(\w+)(?:=(\w+))?\}`)

// expand fills the attributes of a resource into a path.
func expand(path string, object plugin.Object) (string, error) {
	missing := ""
	expanded := placeholder.ReplaceAllStringFunc(path, func(match string) string {
		parameter, attribute := named(strings.Trim(match, "{}"))
		value := object.Text(attribute)
		if value == "" && missing == "" {
			missing = parameter
		}
		return value
	})
	if missing != "" {
		return "", fmt.Errorf("missing required %s parameter", missing)
	}
	return expanded, nil
}

// named splits "parameter=attribute". A name without "=" is both.
func named(text string) (parameter, attribute string) {
	parameter, attribute, ok := strings.Cut(text, "=")
	if !ok {
		attribute = parameter
	}
	return parameter, attribute
}

// parseImportID sets the attributes that are in the parts of an import ID.
func parseImportID(id string, parts []string, state plugin.Object) error {
	segments := strings.Split(id, "/")
	if len(segments) != len(parts) {
		var names []string
		for _, part := range parts {
			parameter, _ := named(part)
			names = append(names, "<"+parameter+">")
		}
		return &plugin.Failure{
			Summary: "invalid ID",
			Detail:  fmt.Sprintf("expected urlencoded segments %q, got %q", strings.Join(names, "/"), id),
		}
	}
	for i, part := range parts {
		text, err := url.PathUnescape(segments[i])
		if err != nil {
			return &plugin.Failure{Summary: "invalid urlencoded segment", Detail: err.Error()}
		}
		_, attribute := named(part)
		state.Set(attribute, text)
	}
	return nil
}

// staysBehind warns that a resource stays in the account, because it has no DELETE.
func staysBehind(change *plugin.Change) (diagnostics plugin.Diagnostics) {
	const summary = "Resource Destruction Considerations"
	if change.Prior == nil {
		diagnostics.Warn(summary, "This resource cannot be destroyed from Terraform. If you create this resource, it will be "+
			"present in the API until manually deleted.")
	}
	if change.Planned == nil {
		diagnostics.Warn(summary, "Applying this resource destruction will remove the resource from the Terraform state "+
			"but will not change it in the API. If you would like to destroy or reset this resource "+
			"in the API, refer to the documentation for how to do it manually.")
	}
	return diagnostics
}

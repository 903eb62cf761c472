package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cdktf-proxmox-talos/providers/plugin"
)

// attempts is how often a request is sent at most.
const attempts = 3

// client is a client of the API.
type client struct {
	base   string // ends in a slash
	header http.Header
}

type request struct {
	method, path string
	header       http.Header
	contentType  string // of the body
	body         []byte
}

// answer is an answer of the API with its whole body.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// result returns the result in the envelope, or nil.
func (a *answer) result() json.RawMessage { return plugin.Fields(a.body)["result"] }

// expectJSON refuses an answer that is not JSON, as the real client does even if it uses nothing of the answer.
func (a *answer) expectJSON() error {
	contentType := a.header.Get("Content-Type")
	mediaType, _, _ := mime.ParseMediaType(contentType)
	if !strings.Contains(mediaType, "application/json") && !strings.HasSuffix(mediaType, "+json") {
		return failed(fmt.Errorf("expected destination type of 'string' or '[]byte' for responses with content-type '%s' that is not 'application/json'", contentType))
	}
	if !json.Valid(a.body) {
		return failed(errors.New("error parsing response json: it is none"))
	}
	return nil
}

// send sends a request, and sends it again after a temporary error. It returns an error for an answer with an error
// status, together with that answer.
func (c *client) send(ctx context.Context, r request) (*answer, error) {
	for attempt := 0; ; attempt++ {
		got, err := c.try(ctx, r, attempt)
		if err == nil && got.status < 400 {
			return got, nil
		}
		if ctx.Err() != nil {
			return nil, failed(ctx.Err())
		}
		if attempt+1 == attempts || !mayPass(got) {
			if err == nil {
				err = fmt.Errorf("%s %q: %d %s %s", r.method, c.base+r.path, got.status, http.StatusText(got.status), got.body)
			}
			return got, failed(err)
		}
		select {
		case <-time.After(pause(got, attempt)):
		case <-ctx.Done():
		}
	}
}

func (c *client) try(ctx context.Context, r request, attempt int) (*answer, error) {
	http1, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	http1.Header.Set("Accept", "application/json")
	http1.Header.Set("X-Stainless-Retry-Count", strconv.Itoa(attempt))
	maps.Copy(http1.Header, c.header)
	maps.Copy(http1.Header, r.header)
	if r.body != nil {
		http1.Header.Set("Content-Type", r.contentType)
	}
	response, err := http.DefaultClient.Do(http1)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return &answer{response.StatusCode, response.Header, body}, err
}

func mayPass(got *answer) bool {
	return got == nil || got.status == http.StatusRequestTimeout || got.status == http.StatusConflict ||
		got.status == http.StatusTooManyRequests || got.status >= 500
}

// pause is the time until the next attempt: what the server asks for if that is less than a minute, or else half a
// second, doubled with each attempt.
func pause(got *answer, attempt int) time.Duration {
	if got != nil {
		seconds, err := strconv.ParseFloat(got.header.Get("Retry-After"), 64)
		if wait := time.Duration(seconds * float64(time.Second)); err == nil && wait >= 0 && wait < time.Minute {
			return wait
		}
	}
	wait := 500 * time.Millisecond << attempt
	return wait - time.Duration(rand.Int63n(int64(wait/4)))
}

func failed(err error) error {
	return &plugin.Failure{Summary: "failed to make http request", Detail: err.Error()}
}

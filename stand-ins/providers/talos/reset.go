package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/client"

	"cdktf-proxmox-talos/providers/plugin"
)

// resetOnDestroy wipes a node if the state asks for it, and waits until its services have stopped; with a reboot, until
// it is back.
func resetOnDestroy(ctx context.Context, state plugin.Object) error {
	asked := plugin.ObjectOf(state["on_destroy"])
	if !truth(asked["reset"]) {
		return nil
	}
	called, err := nodeOf(nil, state)
	if err != nil {
		return &plugin.Failure{Summary: "Client configuration issue during destroy",
			Detail: "client_configuration_wo is not available during destroy. Use client_configuration for on_destroy.reset."}
	}
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(state, "delete"))
	defer cancel()
	request := &machine.ResetRequest{
		Graceful: truth(asked["graceful"]),
		Reboot:   truth(asked["reboot"]),
		SystemPartitionsToWipe: []*machine.ResetPartitionSpec{
			{Label: "STATE", Wipe: true},
			{Label: "EPHEMERAL", Wipe: true},
		},
	}
	err = called.do(ctx, func(ctx context.Context, c *client.Client) error { return called.reset(ctx, c, request) })
	if err != nil {
		return &plugin.Failure{Summary: "Error resetting machine", Detail: err.Error()}
	}
	return nil
}

func (n node) reset(ctx context.Context, c *client.Client, request *machine.ResetRequest) error {
	events, err := c.Events(ctx)
	if err != nil {
		return err
	}
	// An empty event, which tells that the stream has started.
	if _, err := events.Recv(); err != nil {
		return err
	}
	bootID := ""
	if request.Reboot {
		if bootID, err = readBootID(ctx, c); err != nil {
			return err
		}
	}
	answer, err := c.ResetGenericWithResponse(ctx, request)
	if err != nil {
		return err
	}
	if len(answer.GetMessages()) == 0 {
		return errors.New("no messages returned from action run")
	}
	if err := waitForStop(events, answer.GetMessages()[0].GetActorId()); err != nil || !request.Reboot {
		return err
	}
	return n.waitForReboot(ctx, c, bootID)
}

// waitForStop reads events of an action until one of the task that stops all services.
func waitForStop(events machine.MachineService_EventsClient, actorID string) error {
	for {
		received, err := events.Recv()
		if err != nil {
			return err
		}
		if received.GetData() == nil || received.GetActorId() != actorID {
			continue
		}
		event, err := client.UnmarshalEvent(received)
		if err != nil {
			continue
		}
		switch payload := event.Payload.(type) {
		case *machine.TaskEvent:
			if payload.GetTask() == "stopAllServices" {
				return nil
			}
		case *machine.SequenceEvent:
			if payload.GetError() != nil {
				return errors.New(payload.GetError().GetMessage())
			}
		}
	}
}

// waitForReboot asks the node until it is in maintenance, or runs again with another boot ID.
func (n node) waitForReboot(ctx context.Context, c *client.Client, bootID string) error {
	for {
		if insecure, err := n.insecure(ctx); err == nil {
			_, err = insecure.Disks(client.WithNode(ctx, n.name))
			_ = insecure.Close()
			if err == nil {
				return nil
			}
		}
		if now, err := readBootID(ctx, c); err == nil && now != bootID {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

func readBootID(ctx context.Context, c *client.Client) (string, error) {
	reader, err := c.Read(ctx, "/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", err
	}
	defer reader.Close()
	text, err := io.ReadAll(reader)
	return strings.TrimSpace(string(text)), err
}

import { readFileSync } from "node:fs";
import { Agent, request } from "undici";
import type { ActiveFault } from "../../fault-list";
import type { Bridge, Guest, Volume } from "../model";
import type { ForeignGuest, GuestChange } from "./api";
import type { Fault, FaultInput } from "./faults";
import type { LoggedRequest } from "./request-log";

export interface ProxmoxControlOptions {
  /** As the stand-in prints it when it has started: `https://127.0.0.1:8006/_control` */
  readonly url: string;
  readonly token: string;
  /** The certificate of the CA that has signed the server's certificate. */
  readonly caFile: string;
}

/** A client of the control API. */
export class ProxmoxControl {
  private readonly agent: Agent;

  constructor(private readonly options: ProxmoxControlOptions) {
    this.agent = new Agent({ connect: { ca: readFileSync(options.caFile, "utf8") } });
  }

  /** @returns the fault's ID */
  async addFault(fault: FaultInput): Promise<string> {
    const { id } = (await this.call("POST", "faults", fault)) as { id: string };
    return id;
  }

  listFaults(): Promise<readonly ActiveFault<Fault>[]> {
    return this.call("GET", "faults") as Promise<readonly ActiveFault<Fault>[]>;
  }

  /** @param id removes all faults if it is left out */
  async removeFault(id?: string): Promise<void> {
    await this.call("DELETE", id === undefined ? "faults" : `faults/${id}`);
  }

  /** All guests of all hosts, including foreign ones. */
  listGuests(): Promise<readonly Guest[]> {
    return this.call("GET", "guests") as Promise<readonly Guest[]>;
  }

  /** Adds a guest that another program has created. It runs by default. */
  addForeignGuest(guest: ForeignGuest): Promise<Guest> {
    return this.call("POST", "guests", guest) as Promise<Guest>;
  }

  /** Starts, stops, locks or edits a guest, as somebody on the host would. */
  changeGuest(vmid: number, change: GuestChange): Promise<Guest> {
    return this.call("PATCH", `guests/${vmid}`, change) as Promise<Guest>;
  }

  /** Destroys a guest, even if it is protected. */
  async removeGuest(vmid: number): Promise<void> {
    await this.call("DELETE", `guests/${vmid}`);
  }

  listVolumes(): Promise<readonly Volume[]> {
    return this.call("GET", "volumes") as Promise<readonly Volume[]>;
  }

  /** Deletes a disk or a file, such as `local:iso/talos.iso`. */
  async removeVolume(id: string): Promise<void> {
    await this.call("DELETE", `volumes/${encodeURIComponent(id)}`);
  }

  async setStorageContent(storage: string, content: readonly string[]): Promise<void> {
    await this.call("PATCH", `storages/${storage}`, { content });
  }

  async setHostOnline(host: string, online: boolean): Promise<void> {
    await this.call("PATCH", `hosts/${host}`, { online });
  }

  /** Lets a host be silent that the cluster takes for online, or answer again. */
  async setHostAnswering(host: string, answering: boolean): Promise<void> {
    await this.call("PATCH", `hosts/${host}`, { silent: !answering });
  }

  async setBridges(host: string, bridges: Readonly<Record<string, Bridge>>): Promise<void> {
    await this.call("PATCH", `hosts/${host}`, { bridges });
  }

  /** How long tasks take, relative to a real node; 0 is immediate. */
  async setTimeScale(timeScale: number): Promise<void> {
    await this.call("PATCH", "settings", { timeScale });
  }

  /** The API requests since the start, without secrets. */
  listRequests(): Promise<readonly LoggedRequest[]> {
    return this.call("GET", "requests") as Promise<readonly LoggedRequest[]>;
  }

  async clearRequests(): Promise<void> {
    await this.call("DELETE", "requests");
  }

  async close(): Promise<void> {
    await this.agent.close();
  }

  private async call(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
  ): Promise<unknown> {
    const response = await request(`${this.options.url}/${path}`, {
      method,
      dispatcher: this.agent,
      headers: { authorization: `Bearer ${this.options.token}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer = (await response.body.json()) as { data: unknown; message?: string };
    if (response.statusCode !== 200) {
      throw new Error(`the stand-in's control API: ${response.statusCode} ${answer.message?.trim()}`);
    }
    return answer.data;
  }
}

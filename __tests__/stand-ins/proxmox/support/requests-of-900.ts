import type { ApiClient, Form } from "./api-client";

export const URL_OF_ISO = "https://images.example/x.iso";

/** The path of a VM. */
export const vm = (vmid: number, node = "pve1") => `/nodes/${node}/qemu/${vmid}`;

/** Requests that concern VM 900 on pve1. @param api the client of the current test */
export function requestsOf900(api: () => ApiClient) {
  const create = (form: Form = {}) => api().post("/nodes/pve1/qemu", { vmid: 900, ...form });
  const power = (action: string, form: Form = {}) =>
    api().task(api().post(`${vm(900)}/status/${action}`, form));
  const running = async (form: Form) => {
    expect(await api().task(create(form))).toBe("OK");
    expect(await power("start")).toBe("OK");
  };
  const download = (form: Form = {}, storage = "local") =>
    api().post(`/nodes/pve1/storage/${storage}/download-url`, {
      url: URL_OF_ISO,
      content: "iso",
      filename: "x.iso",
      ...form,
    });
  return { create, power, running, download };
}

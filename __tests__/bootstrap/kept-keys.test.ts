import { isKeyAt } from "../../bootstrap/kept-keys";

const KEY = "proxmox/terraform-bootstrap.tfstate";

test("a key is that of a place, or it is not", () => {
  const r2 = { backend: "r2", bucket: "tfstate", key: KEY } as const;
  expect([KEY, `anna/${KEY}`, "anna/proxmox-bootstrap.tfstate"].filter((key) => isKeyAt(r2, key))).toEqual([
    KEY,
  ]);
  const worker = { backend: "worker", url: "https://example.com/states/proxmox%2Dbootstrap" } as const;
  const keys = [KEY, "anna/proxmox-bootstrap.tfstate", "anna/lab-proxmox-bootstrap.tfstate"];
  expect(keys.filter((key) => isKeyAt(worker, key))).toEqual(["anna/proxmox-bootstrap.tfstate"]);
  expect(isKeyAt({ backend: "local", path: KEY }, KEY)).toBe(false);
});

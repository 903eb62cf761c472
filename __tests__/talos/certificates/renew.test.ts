import { renewalIn } from "../../../talos/certificates/renew";

const SECRETS = "talos_machine_secrets.cluster";
const change = (address: string, actions: string[], unknown: object = {}) => ({
  address,
  change: { actions, after_unknown: unknown },
});
const RENEWED = change(SECRETS, ["update"], { client_configuration: true });

test("a plan that renews the certificate, and reads what is made of it", () => {
  const read = change("data.talos_client_configuration.cluster", ["read"], { talos_config: true });
  expect(renewalIn({ resource_changes: [RENEWED, read] })).toBe(true);
});

test("a plan that does nothing, or updates something else of the secrets", () => {
  expect(renewalIn({})).toBe(false);
  expect(renewalIn({ resource_changes: [change(SECRETS, ["no-op"])] })).toBe(false);
  expect(renewalIn({ resource_changes: [change(SECRETS, ["update"])] })).toBe(false);
});

test.each([
  [change(SECRETS, ["delete", "create"], { client_configuration: true }), "cluster (delete, create)"],
  [change("talos_machine_configuration_apply.cp-1", ["update"]), "cp-1 (update)"],
])("a plan that would do more is refused", (other, text) => {
  expect(() => renewalIn({ resource_changes: [RENEWED, other] })).toThrow(text);
});

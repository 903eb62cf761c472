import { restartAdvice } from "../../cli/restart-advice";

const refused = (name: string) => `\u001b[31m╷\u001b[0m
\u001b[31m│\u001b[0m \u001b[1mError: \u001b[0mError applying configuration
│
│   with talos_machine_configuration_apply.${name},
│   on cdk.tf.json line 12, in resource.talos_machine_configuration_apply.${name}:
│
│ rpc error: code = InvalidArgument desc = this config change can't be applied
│ in immediate mode
│ diff: machine.env
╵
`;
const other = `╷
│ Error: Error applying configuration
│
│   with talos_machine_configuration_apply.cp-2,
│
│ rpc error: code = Unavailable desc = connection refused
╵
`;

test("names the command for each node that has to restart, and no other", () => {
  expect(restartAdvice(other + refused("cp-1") + refused("_1st"))).toMatch(
    /deploy again:\n {2}npm run apply-config -- --reboot cp-1\n {2}npm run apply-config -- --reboot 1st$/,
  );
  expect(restartAdvice(other)).toBeUndefined();
  expect(restartAdvice("")).toBeUndefined();
});

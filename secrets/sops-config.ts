/** `.sops.yaml` of a project: who can read its secrets. */
export const sopsConfig = (
  recipients: readonly string[],
): string => `# Who can read the secrets. After a change: npm run secrets -- rotate
creation_rules:
  - path_regex: \\.sops\\.ya?ml$
    age: >-
${recipients.map((each) => `      ${each}`).join(",\n")}
`;

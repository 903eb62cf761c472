// How a change is written into CHANGELOG.md: as its author wrote it, without commit and author.

/** @param {{ summary: string }} changeset */
export async function getReleaseLine({ summary }) {
  return summary;
}

/** One package: nothing depends on it here. */
export async function getDependencyReleaseLine() {
  return "";
}

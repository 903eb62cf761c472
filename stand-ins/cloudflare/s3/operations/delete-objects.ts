import { failures } from "../errors";
import { recordsOf, xmlResponse } from "../xml";
import { type BucketCall, type ObjectCall, textOf } from "./call";

const MAX_KEYS = 1000;

/** DeleteObject, which also succeeds for an object that does not exist. */
export async function deleteObject({ bucket, key }: ObjectCall): Promise<Response> {
  const [refusal] = await bucket.delete([key]);
  if (refusal) throw refusal.error;
  return new Response(null, { status: 204 });
}

/** DeleteObjects */
export async function deleteObjects(call: BucketCall): Promise<Response> {
  const xml = await textOf(call);
  const keys = recordsOf(xml, "Object").map(({ Key }) => Key ?? "");
  if (keys.length === 0 || keys.length > MAX_KEYS || keys.includes("")) throw failures.malformedXml();
  const refusals = new Map((await call.bucket.delete(keys)).map(({ key, error }) => [key, error]));
  const quiet = recordsOf(xml, "Delete")[0]?.Quiet === "true";
  return xmlResponse("DeleteResult", {
    Deleted: quiet ? [] : keys.filter((key) => !refusals.has(key)).map((Key) => ({ Key })),
    Error: [...refusals].map(([Key, { code, message }]) => ({ Key, Code: code, Message: message })),
  });
}

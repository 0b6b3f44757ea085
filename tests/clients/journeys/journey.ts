// The README's journey by a client made of the types that openapi-typescript writes: post a photo,
// follow the job, fetch the picture.
//
// Usage: node journey.js URL KEY PHOTO OUT

import { readFile, writeFile } from "node:fs/promises";
import { argv } from "node:process";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type ExpressionSet = components["schemas"]["ExpressionSet"];
type Job = components["schemas"]["Job"];

const [url, key, photo, out] = argv.slice(2) as [string, string, string, string];
const client = createClient<paths>({
  baseUrl: url,
  headers: { Authorization: `Bearer ${key}` },
});

function got<T>(answer: { data?: T; error?: { detail: string } }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail ?? "no answer");
  return answer.data;
}

async function byForm(): Promise<ExpressionSet> {
  const content = new Blob([await readFile(photo)], { type: "image/png" });
  return got(
    await client.POST("/v1/expressions", {
      body: { file: ["me.png"], targets: '[{"AU06": "C", "AU12": "D"}]' },
      bodySerializer: (body) => {
        const form = new FormData();
        form.append("file", content, "me.png");
        form.append("targets", (body as { targets: string }).targets);
        return form;
      },
    }),
  );
}

async function byId(): Promise<ExpressionSet> {
  const content = new Blob([await readFile(photo)], { type: "image/png" });
  const image = got(
    await client.POST("/v1/images", {
      body: { file: "me.png", subject_id: "eileen" },
      bodySerializer: (body) => {
        const form = new FormData();
        form.append("file", content, body.file);
        form.append("subject_id", body.subject_id ?? "");
        return form;
      },
    }),
  );
  return got(
    await client.POST("/v1/expressions", {
      body: { image_ids: [image.id], targets: [{ AU06: "C", AU12: "D" }] },
    }),
  );
}

async function followed(asked: ExpressionSet): Promise<Job> {
  const params = { path: { job_id: asked.job.id } };
  const events = got(
    await client.GET("/v1/jobs/{job_id}/events", { params, parseAs: "text" }),
  );
  if (!events.includes("event: succeeded")) throw new Error(events);
  return got(await client.GET("/v1/jobs/{job_id}", { params }));
}

async function fetched(asked: ExpressionSet): Promise<Uint8Array> {
  const done = got(
    await client.GET("/v1/expressions/{set_id}", { params: { path: { set_id: asked.id } } }),
  );
  const item = done.items[0];
  if (item === undefined || item.target["AU12"] !== 4) throw new Error(JSON.stringify(done));
  const picture = got(
    await client.GET("/v1/expressions/{set_id}/items/{index}/{output}", {
      params: { path: { set_id: asked.id, index: item.index, output: "photo" } },
      parseAs: "arrayBuffer",
    }),
  );
  return new Uint8Array(picture);
}

const pictures: Uint8Array[] = [];
for (const ask of [byForm, byId]) {
  const asked = await ask();
  const job = await followed(asked);
  if (job.state !== "succeeded") throw new Error(JSON.stringify(job));
  pictures.push(await fetched(asked));
}
const [first, second] = pictures as [Uint8Array, Uint8Array];
if (Buffer.compare(first, second) !== 0) throw new Error("the same request gave other bytes");
await writeFile(out, first);

const missing = await client.GET("/v1/jobs/{job_id}", {
  params: { path: { job_id: "019e6f1c-52a5-7f02-9a3e-5d4c3b2a1f00" } },
});
if (missing.error?.type !== "/problems/job-not-found") throw new Error("a job that is not there");

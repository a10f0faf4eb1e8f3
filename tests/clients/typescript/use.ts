// A caller of the generated types: what is right compiles, and each error that is expected is one.
import createClient from "openapi-fetch";
import type { paths } from "./generated/api.js";

const client = createClient<paths>({ baseUrl: "http://localhost:8000" });

export async function uptimeLink(): Promise<string> {
  const { data, error } = await client.POST("/trigger_report", {
    params: { query: { wait: 30 }, header: { "idempotency-key": "monday" } },
    body: { report: "uptime", params: { lookback_hours: 48, stores: ["1"], hourly: true } },
  });
  if (data === undefined) throw new Error(`${error.code}: ${error.detail}`);
  const { data: poll } = await client.GET("/get_report", { params: { query: { report_id: data.report_id } } });
  switch (poll?.status) {
    case "Complete":
      return poll.files[0]?.url ?? poll.url;
    case "Failed":
      return poll.error.message;
    case "Running":
      return `${poll.stage} ${poll.progress}`;
    default:
      return "cancelled";
  }
}

export async function rightTriggers(): Promise<void> {
  await client.POST("/trigger_report", {}); // no body: uptime
  await client.POST("/trigger_report", { body: null });
  await client.POST("/trigger_report", { body: { report: "pull_requests", params: { clock: "wall", teams: null } } });
}

export async function wrongTriggers(): Promise<void> {
  // @ts-expect-error: no number
  await client.POST("/trigger_report", { body: { report: "uptime", params: { lookback_hours: "48" } } });
  // @ts-expect-error: a misspelt parameter
  await client.POST("/trigger_report", { body: { report: "uptime", params: { lookback_hour: 48 } } });
  // @ts-expect-error: a parameter of another kind
  await client.POST("/trigger_report", { body: { report: "uptime", params: { clock: "wall" } } });
  // @ts-expect-error: a value that is not one of those of the parameter
  await client.POST("/trigger_report", { body: { report: "pull_requests", params: { clock: "sundial" } } });
  // @ts-expect-error: no kind
  await client.POST("/trigger_report", { body: { report: "uptimes" } });
  // @ts-expect-error: no route
  await client.POST("/triger_report", { body: { report: "uptime" } });
  // @ts-expect-error: no query parameter
  await client.GET("/get_report", { params: { query: { id: "1" } } });
  // @ts-expect-error: no status
  await client.GET("/reports", { params: { query: { status: "Done" } } });
}

export async function unnarrowed(): Promise<string> {
  const { data: poll } = await client.GET("/get_report", { params: { query: { report_id: "1" } } });
  // @ts-expect-error: only a complete report has files
  return poll?.files[0].url;
}

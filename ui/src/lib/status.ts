// The tone of a run's status. The word always stands beside it.

export function statusTone(status: string): "plain" | "accent" | "good" | "warn" | "danger" {
  switch (status) {
    case "finished":
      return "good";
    case "running":
    case "queued":
      return "accent";
    case "interrupted":
    case "cancelled":
      return "warn";
    case "failed":
      return "danger";
    default:
      return "plain";
  }
}

export { GitHubApi } from "./api";
export { type DriftIssueOutcome, postDriftIssue } from "./drift-issue";
export { findPlan } from "./find-plan";
export { addTo, GitHubError, type Job, type JobEnvironment, readJob, requireVariables } from "./job";
export { oidcToken } from "./oidc";
export { planComment, postPlanComment } from "./plan-comment";
export { readDriftReport, readPlanSummary } from "./reports";

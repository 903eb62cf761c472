import { type AuthEnvironment, authSettings } from "./auth/settings";
import { type SettingsEnvironment, settings } from "./settings";

/** What is wrong with the variables of the Worker. With any of it nothing is served, and nothing is deleted. */
export function configurationDefects(env: AuthEnvironment & SettingsEnvironment): readonly string[] {
  return [...settings(env).defects, ...authSettings(env).defects];
}

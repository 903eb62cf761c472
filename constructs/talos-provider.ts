export { TalosProvider, type TalosProviderConfig } from "../.gen/providers/talos/provider";

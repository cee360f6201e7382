/** The parts of a package.json that the scripts and the repository's tests read. */
export interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly medbench?: {
    readonly entry?: string;
    readonly presets?: readonly { readonly id: string; readonly config: Readonly<Record<string, unknown>> }[];
  };
}
export const root: string;
export function workspacePackages(
  folders?: readonly string[],
): { readonly name: string; readonly dir: string; readonly manifest: Manifest }[];

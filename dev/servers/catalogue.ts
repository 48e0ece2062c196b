/** A program that the local stack runs, and everything needed to find or build it. */
export interface Binary {
  readonly name: string;
  /** The environment variable that names an own copy of the binary. */
  readonly variable: string;
  /** The Go package it is built from. */
  readonly goPackage: string;
  readonly versionArguments: readonly string[];
  /** Whether a binary of this version, found on PATH, may be used. */
  accepts(major: number, minor: number): boolean;
}

/** Binaries that come from one Go module and are built together; the folder of that name here holds its go.mod. */
export interface Server {
  readonly name: string;
  readonly version: string;
  readonly linkerFlags: string;
  readonly binaries: readonly Binary[];
}

/** The name of a binary that `locate` can find. */
export type BinaryName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kubectl' | 'temporal';

const exactly = (wantedMajor: number, wantedMinor: number) => (major: number, minor: number) =>
  major === wantedMajor && minor === wantedMinor;
const atLeast = (wantedMajor: number, wantedMinor: number) => (major: number, minor: number) =>
  major === wantedMajor && minor >= wantedMinor;

const kubernetesPackage = (name: string): string => `k8s.io/kubernetes/cmd/${name}`;
const kubernetesVersion = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
  .map((path) => `-X ${path}.gitVersion=v1.36.3`)
  .join(' ');

/** Every server built from Go, in the order of building. A new version here needs its go.mod changed with it. */
export const SERVERS: readonly Server[] = [
  {
    name: 'etcd',
    version: '3.6.16',
    linkerFlags: '-s -w',
    binaries: [
      {
        name: 'etcd',
        variable: 'KUBERNAUT_ETCD_BIN',
        goPackage: 'go.etcd.io/etcd/server/v3',
        versionArguments: ['--version'],
        accepts: atLeast(3, 5),
      },
    ],
  },
  {
    name: 'temporal',
    version: '1.8.2',
    linkerFlags: '-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=1.8.2',
    binaries: [
      {
        name: 'temporal',
        variable: 'KUBERNAUT_TEMPORAL_BIN',
        goPackage: 'github.com/temporalio/cli/cmd/temporal',
        versionArguments: ['--version'],
        accepts: atLeast(1, 8),
      },
    ],
  },
  {
    name: 'kubernetes',
    version: '1.36.3',
    linkerFlags: `-s -w ${kubernetesVersion}`,
    binaries: [
      {
        name: 'kube-apiserver',
        variable: 'KUBERNAUT_KUBE_APISERVER_BIN',
        goPackage: kubernetesPackage('kube-apiserver'),
        versionArguments: ['--version'],
        accepts: exactly(1, 36),
      },
      {
        name: 'kube-controller-manager',
        variable: 'KUBERNAUT_KUBE_CONTROLLER_MANAGER_BIN',
        goPackage: kubernetesPackage('kube-controller-manager'),
        versionArguments: ['--version'],
        accepts: exactly(1, 36),
      },
      {
        name: 'kubectl',
        variable: 'KUBERNAUT_KUBECTL_BIN',
        goPackage: kubernetesPackage('kubectl'),
        versionArguments: ['version', '--client'],
        accepts: atLeast(1, 30),
      },
    ],
  },
];

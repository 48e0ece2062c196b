import { InvalidRequestError } from '../errors.ts';
import { isRefusal } from '../kubernetes/errors.ts';
import { loadKubeconfig } from '../kubernetes/kubeconfig.ts';
import type { KubeconfigChoice } from '../kubernetes/kubeconfig.ts';
import { createTransport } from '../kubernetes/transport.ts';

const PATH = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

/** The name under which the API server knows the caller. A decision is taken under no other. */
export async function whoAmI(choice: KubeconfigChoice): Promise<string> {
  const transport = createTransport(loadKubeconfig(choice), { timeoutMs: 5000 });
  const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
  try {
    const answer = JSON.parse(
      await transport.send({ method: 'POST', path: PATH, body, what: 'Asking the API server who you are' }),
    ) as { readonly status?: { readonly userInfo?: { readonly username?: string } } };
    const name = answer.status?.userInfo?.username;
    if (name === undefined || name === '' || name === 'system:anonymous')
      throw new InvalidRequestError('FORBIDDEN', 'The API server does not know you: use a kubeconfig with credentials');
    return name;
  } catch (error) {
    if (!isRefusal(error, 'no-resource')) throw error;
    const message =
      'This API server cannot say who you are (SelfSubjectReview needs Kubernetes 1.28): use kubectl patch rar';
    throw new InvalidRequestError('FORBIDDEN', message, { cause: error });
  } finally {
    transport.close();
  }
}

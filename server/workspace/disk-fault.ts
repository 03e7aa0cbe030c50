import { GatewayError, isGatewayError } from '../../sdk/protocol/errors.ts';

/** What lies in the way of a file or folder, so that another one has to be named. */
const obstacles: Readonly<Record<string, string>> = {
  EEXIST: 'is not a folder',
  ENOTDIR: 'is below something that is not a folder',
  ENOENT: 'is where nobody can make a folder',
  ELOOP: 'is a circle of symbolic links',
  ENAMETOOLONG: 'has too long a name',
  EACCES: 'may not be used by the gateway: correct its owner and mode',
  EPERM: 'may not be used by the gateway: correct its owner and mode',
  EROFS: 'is on a disk that cannot be written',
};

/**
 * An error of the system in words for who asked: INVALID_REQUEST where another place would do, UNAVAILABLE where the disk
 * refuses. Other errors stay as they are.
 * @param place what the error is about, for example `workspace "/w"`. @param code `details.code` of an obstacle.
 */
export function toDiskFault(place: string, code: string, error: unknown): unknown {
  const { code: errno, syscall } = error as NodeJS.ErrnoException;
  if (isGatewayError(error) || errno === undefined || syscall === undefined) return error;
  const obstacle = obstacles[errno];
  if (obstacle)
    return new GatewayError('INVALID_REQUEST', `${place} ${obstacle}`, { details: { code, errno }, cause: error });
  const message = `${place} cannot be used now (${errno}): make space, or look at the disk`;
  return new GatewayError('UNAVAILABLE', message, { details: { code: 'DISK_REFUSED', errno }, cause: error });
}

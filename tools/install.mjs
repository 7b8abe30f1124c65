// Installs the packages of the lock file, unless just these are there.
import { ensureInstalled } from './project.mjs';

await ensureInstalled();

#ifndef COMMON_SANDBOX_CALLS_H
#define COMMON_SANDBOX_CALLS_H

#include <stdbool.h>

#include "common/base/err.h"

/* LeakSanitizer stops and reads the process as a debugger does. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED
#endif
#endif

/* Set up sandbox_enter()'s seccomp filter.  ERR_INTERNAL: failed, and logged. */
enum err	sandbox_limit_calls(bool network);

#endif

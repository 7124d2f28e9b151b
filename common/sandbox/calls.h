#ifndef COMMON_SANDBOX_CALLS_H
#define COMMON_SANDBOX_CALLS_H

#include <stdbool.h>

#include "common/base/err.h"

/* LeakSanitizer looks for leaks with means of a debugger. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED
#endif
#endif

/* sandbox_enter()'s seccomp filter.  ERR_INTERNAL: logged. */
enum err	sandbox_limit_calls(bool network);

#endif

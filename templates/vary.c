/* Varies what a build sees of time and of directories' order: loaded before
 * the C library into every dynamically linked program of a build (ld.so(8),
 * LD_PRELOAD). What it does is compiled in:
 *
 *   AHEAD_SECONDS  how far the clock is ahead of the machine's
 *   REVERSED       directories list their last entry first
 *
 * Times of files are left alone, as the kernel writes and tells them: a clock
 * that is ahead makes them old, which is what they should be.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#ifdef AHEAD_SECONDS

static int is_wall(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
         clock == CLOCK_TAI;
}

int clock_gettime(clockid_t clock, struct timespec *to) {
  static __typeof__(&clock_gettime) real;
  if (!real) real = REAL(clock_gettime);
  int result = real(clock, to);
  if (result == 0 && is_wall(clock)) to->tv_sec += AHEAD_SECONDS;
  return result;
}

time_t time(time_t *to) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0) return (time_t)-1;
  if (to) *to = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(struct timeval *restrict to, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  if (!real) real = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(to, zone);
  if (result == 0) to->tv_sec += AHEAD_SECONDS;
  return result;
}

int timespec_get(struct timespec *to, int base) {
  static __typeof__(&timespec_get) real;
  if (!real) real = REAL(timespec_get);
  int result = real(to, base);
  if (result == TIME_UTC) to->tv_sec += AHEAD_SECONDS;
  return result;
}

/* A deadline that was reckoned from the clock above must be brought back, or
 * its waiter would sleep for a year. One of a clock that counts from the
 * machine's start is far too small to be meant. */
static const struct timespec *deadline(const struct timespec *asked,
                                       struct timespec *own) {
  static __typeof__(&clock_gettime) real;
  struct timespec now;
  if (!asked) return asked;
  if (!real) real = REAL(clock_gettime);
  if (real(CLOCK_REALTIME, &now) != 0) return asked;
  if (asked->tv_sec < now.tv_sec + AHEAD_SECONDS / 2) return asked;
  *own = *asked;
  own->tv_sec -= AHEAD_SECONDS;
  return own;
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition,
                           pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
  static __typeof__(&pthread_cond_timedwait) real;
  struct timespec own;
  if (!real) {
    /* Without its version an old C library gives the one of before 2003. */
    void *found = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    real = found ? (__typeof__(real))found : REAL(pthread_cond_timedwait);
  }
  return real(condition, mutex, deadline(until, &own));
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex,
                            const struct timespec *restrict until) {
  static __typeof__(&pthread_mutex_timedlock) real;
  struct timespec own;
  if (!real) real = REAL(pthread_mutex_timedlock);
  return real(mutex, deadline(until, &own));
}

int sem_timedwait(sem_t *restrict semaphore,
                  const struct timespec *restrict until) {
  static __typeof__(&sem_timedwait) real;
  struct timespec own;
  if (!real) real = REAL(sem_timedwait);
  return real(semaphore, deadline(until, &own));
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *asked,
                    struct timespec *left) {
  static __typeof__(&clock_nanosleep) real;
  struct timespec own;
  if (!real) real = REAL(clock_nanosleep);
  if ((flags & TIMER_ABSTIME) && is_wall(clock)) asked = deadline(asked, &own);
  return real(clock, flags, asked, left);
}

#endif

#ifdef REVERSED

/* A directory that is being read: every entry is read at the first call and
 * handed out from the last to the first. Entries are copied whole, for their
 * names may be longer than struct dirent says. */
struct listing {
  DIR *directory;
  struct dirent64 **entries;
  size_t count, left;
  struct listing *next;
};

static struct listing *listings;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void take(void) { pthread_mutex_lock(&lock); }
static void leave(void) { pthread_mutex_unlock(&lock); }

__attribute__((constructor)) static void keep_lock_over_forks(void) {
  pthread_atfork(take, leave, leave);
}

static void forget(DIR *directory) {
  take();
  for (struct listing **at = &listings; *at; at = &(*at)->next) {
    struct listing *found = *at;
    if (found->directory != directory) continue;
    *at = found->next;
    for (size_t i = 0; i < found->count; i++) free(found->entries[i]);
    free(found->entries);
    free(found);
    break;
  }
  leave();
}

static struct listing *listed(DIR *directory) {
  static struct dirent64 *(*real)(DIR *);
  for (struct listing *known = listings; known; known = known->next)
    if (known->directory == directory) return known;
  if (!real) real = (struct dirent64 * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir64");
  struct listing *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  int before = errno;
  errno = 0;
  for (struct dirent64 *entry; (entry = real(directory));) {
    struct dirent64 **more =
        realloc(made->entries, (made->count + 1) * sizeof *more);
    struct dirent64 *copy = malloc(entry->d_reclen);
    if (more) made->entries = more;
    if (!more || !copy) {
      free(copy);
      break;
    }
    memcpy(copy, entry, entry->d_reclen);
    made->entries[made->count++] = copy;
  }
  if (errno == 0) errno = before;
  made->left = made->count;
  made->directory = directory;
  made->next = listings;
  listings = made;
  return made;
}

struct dirent64 *readdir64(DIR *directory) {
  take();
  struct listing *of = listed(directory);
  struct dirent64 *entry = of && of->left ? of->entries[--of->left] : NULL;
  leave();
  return entry;
}

/* Both records are the same where a file's size has 64 bits; elsewhere large
 * numbers of nodes make the C library's own readdir fail, and so on. */
struct dirent *readdir(DIR *directory) {
#if defined __USE_FILE_OFFSET64 || __WORDSIZE == 64
  return (struct dirent *)readdir64(directory);
#else
  static struct dirent *(*real)(DIR *);
  if (!real) real = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir");
  return real(directory);
#endif
}

int closedir(DIR *directory) {
  static __typeof__(&closedir) real;
  if (!real) real = REAL(closedir);
  forget(directory);
  return real(directory);
}

void rewinddir(DIR *directory) {
  static __typeof__(&rewinddir) real;
  if (!real) real = REAL(rewinddir);
  forget(directory);
  real(directory);
}

/* Places are counted from the first that was handed out. */
long telldir(DIR *directory) {
  take();
  struct listing *of = listed(directory);
  long place = of ? (long)(of->count - of->left) : -1;
  leave();
  return place;
}

void seekdir(DIR *directory, long place) {
  take();
  struct listing *of = listed(directory);
  if (of && place >= 0 && (size_t)place <= of->count)
    of->left = of->count - (size_t)place;
  leave();
}

/* The C library reads the directory by itself here. What was asked to be
 * sorted has its order; the rest is turned around. */
int scandir(const char *path, struct dirent ***to,
            int (*wanted)(const struct dirent *),
            int (*order)(const struct dirent **, const struct dirent **)) {
  static __typeof__(&scandir) real;
  if (!real) real = REAL(scandir);
  int count = real(path, to, wanted, order);
  for (int i = 0; !order && i < count / 2; i++) {
    struct dirent *entry = (*to)[i];
    (*to)[i] = (*to)[count - 1 - i];
    (*to)[count - 1 - i] = entry;
  }
  return count;
}

int scandir64(const char *path, struct dirent64 ***to,
              int (*wanted)(const struct dirent64 *),
              int (*order)(const struct dirent64 **, const struct dirent64 **)) {
  static __typeof__(&scandir64) real;
  if (!real) real = REAL(scandir64);
  int count = real(path, to, wanted, order);
  for (int i = 0; !order && i < count / 2; i++) {
    struct dirent64 *entry = (*to)[i];
    (*to)[i] = (*to)[count - 1 - i];
    (*to)[count - 1 - i] = entry;
  }
  return count;
}

#endif

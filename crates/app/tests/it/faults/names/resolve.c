/* Knows names under .test as the file of NAMES_FILE says, a name and its address in a line, and no others of them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    resolver *system = (resolver *)dlsym(RTLD_NEXT, "getaddrinfo");
    const char *path = getenv("NAMES_FILE");
    size_t length = name ? strlen(name) : 0;
    if (!path || length < 5 || strcmp(name + length - 5, ".test")) return system(name, service, hints, found);
    char known[256], address[64];
    int answer = EAI_NONAME;
    FILE *file = fopen(path, "r");
    while (file && answer == EAI_NONAME && fscanf(file, "%255s %63s", known, address) == 2)
        if (!strcmp(known, name)) answer = system(address, service, hints, found);
    if (file) fclose(file);
    return answer;
}

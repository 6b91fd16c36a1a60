// The C library has each of these up to eight times, for as many kinds of processors: 70 KB. The runtime compares and
// copies a few short names with them while it starts, and choosing among eight takes longer than that. What moves
// memory in bulk (memcpy, memset, memcmp) stays the C library's.
#include <stddef.h>

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; a++, b++, n--)
        if (*a != *b || *a == '\0')
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}
int strcmp(const char *a, const char *b)
{
    for (; *a == *b && *a != '\0'; a++, b++)
        ;
    return (unsigned char)*a - (unsigned char)*b;
}

char *__stpcpy(char *to, const char *from) // the name it has inside the C library
{
    for (; (*to = *from) != '\0'; to++, from++)
        ;
    return to;
}
char *stpcpy(char *to, const char *from) { return __stpcpy(to, from); }
char *strcpy(char *to, const char *from)
{
    __stpcpy(to, from);
    return to;
}
char *strncpy(char *to, const char *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
    {
        to[i] = *from;
        if (*from != '\0')
            from++;
    }
    return to;
}

char *strncat(char *to, const char *from, size_t n)
{
    char *end = to;
    while (*end != '\0')
        end++;
    for (; n > 0 && *from != '\0'; n--)
        *end++ = *from++;
    *end = '\0';
    return to;
}
char *strcat(char *to, const char *from) { return strncat(to, from, (size_t)-1); }

char *strrchr(const char *text, int letter)
{
    const char *last = NULL;
    do
        if (*text == (char)letter)
            last = text;
    while (*text++ != '\0');
    return (char *)last;
}
char *strstr(const char *text, const char *word)
{
    for (;; text++)
    {
        size_t i = 0;
        while (word[i] != '\0' && text[i] == word[i])
            i++;
        if (word[i] == '\0')
            return (char *)text;
        if (*text == '\0')
            return NULL;
    }
}

/* A service for tests: tells what a Linux machine gave it, and ends as it is told. One connection at a time, one request
   a connection.

   GET /health             ok
   GET /file?PATH          the file
   GET /write?PATH?TEXT    writes the text into the file
   GET /environment        its variables, one a line
   GET /arguments          its arguments, one a line
   GET /user               "UID GID PROCESSORS", and whether it may become root again
   GET /say?TEXT           writes a line to its output
   GET /exit?N             ends with that status
   GET /abort              ends by a signal */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ;

static char answer[65536];

static void add_lines(char **lines)
{
    for (answer[0] = '\0'; *lines != NULL; lines++) {
        strcat(strcat(answer, *lines), "\n");
    }
}

static void read_file(const char *path)
{
    int file = open(path, O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, answer, sizeof answer - 1);
    if (length < 0) {
        perror(path);
        strcpy(answer, "error\n");
    } else {
        answer[length] = '\0';
    }
    close(file);
}

static void write_file(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    size_t length = strlen(text);
    strcpy(answer, file >= 0 && write(file, text, length) == (ssize_t)length && fsync(file) == 0 ? "written\n" : "error\n");
    close(file);
}

static void serve(char *target, char **arguments)
{
    char *first = strchr(target, '?'), *second = first == NULL ? NULL : strchr(first + 1, '?');
    if (first != NULL) {
        *first++ = '\0';
    }
    if (second != NULL) {
        *second++ = '\0';
    }
    if (strcmp(target, "/file") == 0) {
        read_file(first);
    } else if (strcmp(target, "/write") == 0) {
        write_file(first, second);
    } else if (strcmp(target, "/environment") == 0) {
        add_lines(environ);
    } else if (strcmp(target, "/arguments") == 0) {
        add_lines(arguments);
    } else if (strcmp(target, "/user") == 0) {
        sprintf(answer, "%d %d %ld %s\n", (int)getuid(), (int)getgid(), sysconf(_SC_NPROCESSORS_ONLN), setuid(0) == 0 ? "root" : "bound");
    } else if (strcmp(target, "/say") == 0) {
        printf("%s\n", first);
        strcpy(answer, "said\n");
    } else if (strcmp(target, "/exit") == 0) {
        printf("last words\n");
        exit(atoi(first));
    } else if (strcmp(target, "/abort") == 0) {
        abort();
    } else {
        strcpy(answer, "ok\n");
    }
}

int main(int count, char **arguments)
{
    char request[4096], head[128], *target, *end;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(getenv("PORT")))};
    int yes = 1, listening = socket(AF_INET, SOCK_STREAM, 0);
    (void)count;
    setvbuf(stdout, NULL, _IOLBF, 0);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listening, (struct sockaddr *)&here, sizeof here) < 0 || listen(listening, 16) < 0) {
        perror("probe");
        return 1;
    }
    for (;;) {
        int connection = accept(listening, NULL, NULL);
        ssize_t length = read(connection, request, sizeof request - 1);
        request[length < 0 ? 0 : length] = '\0';
        target = strchr(request, ' ');
        end = target == NULL ? NULL : strchr(target + 1, ' ');
        if (end != NULL) {
            *end = '\0';
            serve(target + 1, arguments);
            int size = sprintf(head, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", strlen(answer));
            if (write(connection, head, (size_t)size) == size && write(connection, answer, strlen(answer)) < 0) {
                perror("probe");
            }
        }
        close(connection);
    }
}

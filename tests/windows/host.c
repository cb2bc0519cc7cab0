/* As much of an Orthanc as the library needs on Windows, where no Orthanc can be had from Debian's packages.
 *
 *   host.exe LIBRARY CONFIGURATION ORTHANC-VERSION ORTHANC-PORT PORT
 *
 * Loads the library as Orthanc does. What the library asks of Orthanc's REST API goes to a real Orthanc on this machine
 * (127.0.0.1:ORTHANC-PORT); what a user asks of the library comes over HTTP (127.0.0.1:PORT). Two calls are the host's
 * own:
 *
 *   POST /arrived   an instance is stored; its identifier is the body
 *   POST /stop      as Orthanc stops: OrthancStopped, Finalize, FreeLibrary; the host ends with 0
 */
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <orthanc/OrthancCPlugin.h>

#define MOST_ROUTES 32

/* Newer than the oldest header that this compiles with. */
#define SERVICE_SET_METRICS_INTEGER 43
#define SERVICE_SET_THREAD_NAME 44
#define SERVICE_LOG_MESSAGE 45

typedef struct
{
  const char* message;
  const char* plugin;
  const char* file;
  uint32_t line;
  int32_t category;
  int32_t level;
} LogMessage;

typedef struct
{
  char* bytes;
  size_t size;
} Text;

typedef struct
{
  SOCKET socket;
  int answered;
  char headers[4096];
} Output;

static struct
{
  const char* pattern;
  OrthancPluginRestCallback callback;
} routes[MOST_ROUTES];
static int routesCount;
static OrthancPluginOnStoredInstanceCallback onStored;
static OrthancPluginOnChangeCallback onChange;
static int orthancPort;
static Text configuration;

static void Die(const char* what)
{
  fprintf(stderr, "host: %s (error %lu)\n", what, GetLastError());
  exit(1);
}

static void Append(Text* text, const void* bytes, size_t size)
{
  text->bytes = realloc(text->bytes, text->size + size + 1);
  if (text->bytes == NULL)
  {
    Die("no memory");
  }
  memcpy(text->bytes + text->size, bytes, size);
  text->size += size;
  text->bytes[text->size] = '\0';
}

static void SendAll(SOCKET to, const char* bytes, size_t size)
{
  while (size > 0)
  {
    int sent = send(to, bytes, (int) size, 0);
    if (sent <= 0)
    {
      return;
    }
    bytes += sent;
    size -= sent;
  }
}

/* A request to the real Orthanc: its status, 0 if there is none; the body in `answer`. */
static int Ask(Text* answer, const char* method, const char* uri, const void* body, size_t size)
{
  static const char* FORMAT =
    "%s %s HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: %u\r\n\r\n";
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((u_short) orthancPort) };
  SOCKET peer = socket(AF_INET, SOCK_STREAM, 0);
  Text whole = { NULL, 0 };
  char buffer[65536], *end;
  int received, status = 0;

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(peer, (struct sockaddr*) &address, sizeof(address)) == 0)
  {
    received = snprintf(buffer, sizeof(buffer), FORMAT, method, uri, (unsigned int) size);
    SendAll(peer, buffer, received);
    SendAll(peer, body, size);
    while ((received = recv(peer, buffer, sizeof(buffer), 0)) > 0)
    {
      Append(&whole, buffer, received);
    }
  }
  closesocket(peer);
  if (whole.bytes != NULL && (end = strstr(whole.bytes, "\r\n\r\n")) != NULL &&
      sscanf(whole.bytes, "HTTP/1.%*d %d", &status) == 1)
  {
    end += 4;
    Append(answer, end, whole.size - (end - whole.bytes));
  }
  free(whole.bytes);
  return status;
}

static void Fill(OrthancPluginMemoryBuffer* target, const Text* text)
{
  target->data = text->size == 0 ? NULL : malloc(text->size);
  target->size = (uint32_t) text->size;
  if (target->data != NULL)
  {
    memcpy(target->data, text->bytes, text->size);
  }
}

static const char* Method(OrthancPluginHttpMethod method)
{
  switch (method)
  {
    case OrthancPluginHttpMethod_Post:
      return "POST";
    case OrthancPluginHttpMethod_Put:
      return "PUT";
    case OrthancPluginHttpMethod_Delete:
      return "DELETE";
    default:
      return "GET";
  }
}

static OrthancPluginErrorCode CallApi(const _OrthancPluginCallRestApi* p)
{
  Text answer = { NULL, 0 }, headers = { NULL, 0 };
  int status = Ask(&answer, Method(p->method), p->uri, p->body, p->body == NULL ? 0 : p->bodySize);

  Append(&headers, "{}", 2);
  *p->httpStatus = (uint16_t) status;
  Fill(p->answerBody, &answer);
  Fill(p->answerHeaders, &headers);
  free(answer.bytes);
  free(headers.bytes);
  return status == 0 ? OrthancPluginErrorCode_NetworkProtocol : OrthancPluginErrorCode_Success;
}

static OrthancPluginErrorCode ReadInstance(const _OrthancPluginGetDicomForInstance* p)
{
  Text answer = { NULL, 0 };
  char uri[256];
  int status;

  snprintf(uri, sizeof(uri), "/instances/%s/file", p->instanceId);
  status = Ask(&answer, "GET", uri, NULL, 0);
  if (status == 200)
  {
    Fill(p->target, &answer);
  }
  free(answer.bytes);
  return status == 200 ? OrthancPluginErrorCode_Success : OrthancPluginErrorCode_UnknownResource;
}

static void Answer(Output* output, int status, const char* type, const void* body, size_t size)
{
  char head[8192];
  int length = snprintf(head, sizeof(head),
                        "HTTP/1.1 %d Status\r\nConnection: close\r\nContent-Type: %s\r\n%sContent-Length: %u\r\n\r\n",
                        status, type, output->headers, (unsigned int) size);
  SendAll(output->socket, head, length);
  SendAll(output->socket, body, size);
  output->answered = 1;
}

static void AddHeader(Output* output, const char* name, const char* value)
{
  size_t used = strlen(output->headers);
  snprintf(output->headers + used, sizeof(output->headers) - used, "%s: %s\r\n", name, value);
}

static OrthancPluginErrorCode Invoke(struct _OrthancPluginContext_t* context, _OrthancPluginService service,
                                     const void* params)
{
  (void) context;
  switch ((int) service)
  {
    case SERVICE_LOG_MESSAGE:
    {
      const LogMessage* p = params;
      fprintf(stderr, "%c %s\n", p->level == 0 ? 'E' : 'W', p->message);
      break;
    }
    case SERVICE_SET_METRICS_INTEGER:
    case SERVICE_SET_THREAD_NAME:
      break;
    case _OrthancPluginService_LogError:
    case _OrthancPluginService_LogWarning:
    case _OrthancPluginService_LogInfo:
      fprintf(stderr, "%c %s\n", service == _OrthancPluginService_LogError ? 'E' : 'W', (const char*) params);
      break;
    case _OrthancPluginService_GetConfiguration:
      *((const _OrthancPluginRetrieveDynamicString*) params)->result = strdup(configuration.bytes);
      break;
    case _OrthancPluginService_GetConfigurationPath:
      *((const _OrthancPluginRetrieveDynamicString*) params)->result = strdup("");
      break;
    case _OrthancPluginService_GetErrorDescription:
      *((const _OrthancPluginGetErrorDescription*) params)->target = "an error of the host";
      break;
    case _OrthancPluginService_RegisterRestCallbackNoLock:
    {
      const _OrthancPluginRestCallback* p = params;
      if (routesCount == MOST_ROUTES)
      {
        return OrthancPluginErrorCode_NotImplemented;
      }
      routes[routesCount].pattern = strdup(p->pathRegularExpression);
      routes[routesCount++].callback = p->callback;
      break;
    }
    case _OrthancPluginService_RegisterOnStoredInstanceCallback:
      onStored = ((const _OrthancPluginOnStoredInstanceCallback*) params)->callback;
      break;
    case _OrthancPluginService_RegisterOnChangeCallback:
      onChange = ((const _OrthancPluginOnChangeCallback*) params)->callback;
      break;
    case _OrthancPluginService_RegisterIncomingHttpRequestFilter2:
    case _OrthancPluginService_SetPluginProperty:
    case _OrthancPluginService_SetMetricsValue:
      break;
    case _OrthancPluginService_CallRestApi:
      return CallApi(params);
    case _OrthancPluginService_GetDicomForInstance:
      return ReadInstance(params);
    case _OrthancPluginService_AnswerBuffer:
    {
      const _OrthancPluginAnswerBuffer* p = params;
      Answer((Output*) p->output, 200, p->mimeType, p->answer, p->answerSize);
      break;
    }
    case _OrthancPluginService_SendHttpStatus:
    {
      const _OrthancPluginSendHttpStatus* p = params;
      Answer((Output*) p->output, p->status, "application/json", p->body, p->bodySize);
      break;
    }
    case _OrthancPluginService_SendHttpStatusCode:
    {
      const _OrthancPluginSendHttpStatusCode* p = params;
      Answer((Output*) p->output, p->status, "text/plain", "", 0);
      break;
    }
    case _OrthancPluginService_SetHttpHeader:
    {
      const _OrthancPluginSetHttpHeader* p = params;
      AddHeader((Output*) p->output, p->key, p->value);
      break;
    }
    default:
      fprintf(stderr, "host: service %d is not there\n", (int) service);
      return OrthancPluginErrorCode_UnknownPluginService;
  }
  return OrthancPluginErrorCode_Success;
}

/* Patterns are a path, or a path that ends with "(.*)": that is all that the library registers. */
static void Route(Output* output, OrthancPluginHttpMethod method, char* uri, const char* body, size_t size)
{
  const char *keys[32], *values[32], *group;
  OrthancPluginHttpRequest request = { .method = method, .body = body, .bodySize = (uint32_t) size };
  char* query = strchr(uri, '?');
  int i;

  if (query != NULL)
  {
    char* pair;
    *query = '\0';
    for (pair = strtok(query + 1, "&"); pair != NULL && request.getCount < 32; pair = strtok(NULL, "&"))
    {
      char* value = strchr(pair, '=');
      keys[request.getCount] = pair;
      values[request.getCount++] = value == NULL ? "" : value + 1;
      if (value != NULL)
      {
        *value = '\0';
      }
    }
  }
  request.getKeys = keys;
  request.getValues = values;
  for (i = 0; i < routesCount; i++)
  {
    const char* pattern = routes[i].pattern;
    size_t fixed = strcspn(pattern, "(");
    int open = strcmp(pattern + fixed, "(.*)") == 0;
    if (open ? strncmp(uri, pattern, fixed) == 0 : strcmp(uri, pattern) == 0)
    {
      group = uri + fixed;
      request.groups = &group;
      request.groupsCount = open;
      if (routes[i].callback((OrthancPluginRestOutput*) output, uri, &request) != OrthancPluginErrorCode_Success ||
          !output->answered)
      {
        Answer(output, 500, "text/plain", "", 0);
      }
      return;
    }
  }
  Answer(output, 404, "text/plain", "", 0);
}

/* One request of a user; 1 for the last one. */
static int Serve(SOCKET peer)
{
  Output output = { .socket = peer };
  Text whole = { NULL, 0 };
  char buffer[65536], verb[16] = "", uri[4096] = "", *end = NULL, *line;
  size_t size = 0;
  int received, last = 0;
  OrthancPluginHttpMethod method;

  while ((end == NULL || whole.size < (size_t) (end - whole.bytes) + size) &&
         (received = recv(peer, buffer, sizeof(buffer), 0)) > 0)
  {
    Append(&whole, buffer, received);
    end = strstr(whole.bytes, "\r\n\r\n");
    if (end != NULL)
    {
      end += 4;
      for (line = whole.bytes; line < end; line = strstr(line, "\r\n") + 2)
      {
        if (_strnicmp(line, "content-length:", 15) == 0)
        {
          size = strtoul(line + 15, NULL, 10);
        }
      }
    }
  }
  if (end != NULL && sscanf(whole.bytes, "%15s %4095s", verb, uri) == 2)
  {
    method = strcmp(verb, "POST") == 0     ? OrthancPluginHttpMethod_Post
             : strcmp(verb, "PUT") == 0    ? OrthancPluginHttpMethod_Put
             : strcmp(verb, "DELETE") == 0 ? OrthancPluginHttpMethod_Delete
                                           : OrthancPluginHttpMethod_Get;
    if (strcmp(uri, "/stop") == 0)
    {
      last = 1;
      Answer(&output, 200, "text/plain", "", 0);
    }
    else if (strcmp(uri, "/arrived") == 0)
    {
      /* The library asks nothing of the instance: its identifier is all that it keeps. */
      int code = onStored == NULL ? -1 : onStored((OrthancPluginDicomInstance*) &output, end);
      Answer(&output, code == OrthancPluginErrorCode_Success ? 200 : 500, "text/plain", "", 0);
    }
    else
    {
      Route(&output, method, uri, end, size);
    }
  }
  free(whole.bytes);
  closesocket(peer);
  return last;
}

static Text ReadFileAt(const wchar_t* path)
{
  Text text = { NULL, 0 };
  char buffer[65536];
  size_t got;
  FILE* file = _wfopen(path, L"rb");

  if (file == NULL)
  {
    Die("cannot read the configuration");
  }
  while ((got = fread(buffer, 1, sizeof(buffer), file)) > 0)
  {
    Append(&text, buffer, got);
  }
  fclose(file);
  return text;
}

#define FIND(name, type) __typeof__(type) Plugin##name = (void*) GetProcAddress(library, "OrthancPlugin" #name)

int wmain(int argc, wchar_t** argv)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  OrthancPluginContext context = { 0 };
  char version[32];
  WSADATA sockets;
  SOCKET listener;
  HMODULE library;
  int yes = 1, last = 0;
  DWORD started;

  if (argc != 6)
  {
    Die("usage: host.exe LIBRARY CONFIGURATION ORTHANC-VERSION ORTHANC-PORT PORT");
  }
  setvbuf(stderr, NULL, _IONBF, 0);
  WSAStartup(MAKEWORD(2, 2), &sockets);
  configuration = ReadFileAt(argv[2]);
  snprintf(version, sizeof(version), "%ls", argv[3]);
  orthancPort = _wtoi(argv[4]);
  context.orthancVersion = version;
  context.Free = free;
  context.InvokeService = Invoke;

  library = LoadLibraryW(argv[1]);
  if (library == NULL)
  {
    Die("the library cannot be loaded");
  }
  FIND(Initialize, int32_t (*)(OrthancPluginContext*));
  FIND(Finalize, void (*)(void));
  FIND(GetName, const char* (*)(void));
  FIND(GetVersion, const char* (*)(void));
  if (PluginInitialize == NULL || PluginFinalize == NULL || PluginGetName == NULL || PluginGetVersion == NULL)
  {
    Die("the library lacks a function");
  }
  fprintf(stderr, "host: %s %s\n", PluginGetName(), PluginGetVersion());
  if (PluginInitialize(&context) != 0)
  {
    Die("the library does not start");
  }

  listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, (const char*) &yes, sizeof(yes));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((u_short) _wtoi(argv[5]));
  if (bind(listener, (struct sockaddr*) &address, sizeof(address)) != 0 || listen(listener, 16) != 0)
  {
    Die("the port is taken");
  }
  if (onChange != NULL)
  {
    onChange(OrthancPluginChangeType_OrthancStarted, OrthancPluginResourceType_None, "");
  }
  while (!last)
  {
    SOCKET peer = accept(listener, NULL, NULL);
    last = peer != INVALID_SOCKET && Serve(peer);
  }
  closesocket(listener);

  started = GetTickCount();
  if (onChange != NULL)
  {
    onChange(OrthancPluginChangeType_OrthancStopped, OrthancPluginResourceType_None, "");
  }
  PluginFinalize();
  if (!FreeLibrary(library) || GetModuleHandleW(argv[1]) != NULL)
  {
    Die("the library is still loaded");
  }
  fprintf(stderr, "host: stopped in %lu ms, unloaded\n", GetTickCount() - started);
  return 0;
}

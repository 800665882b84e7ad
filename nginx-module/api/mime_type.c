/*
 * mime_type - types of attachments
 */
#include "api/mime.h"

#include "policy/attachment.h"

static const struct {
    const char *extension;
    const char *type;
} types[] = {
    {"txt", "text/plain"},
    {"log", "text/plain"},
    {"md", "text/markdown"},
    {"csv", "text/csv"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ics", "text/calendar"},
    {"vcf", "text/vcard"},
    {"xml", "application/xml"},
    {"json", "application/json"},
    {"pdf", "application/pdf"},
    {"rtf", "application/rtf"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"tgz", "application/gzip"},
    {"tar", "application/x-tar"},
    {"7z", "application/x-7z-compressed"},
    {"doc", "application/msword"},
    {"xls", "application/vnd.ms-excel"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"docx", "application/vnd.openxmlformats-officedocument."
             "wordprocessingml.document"},
    {"xlsx", "application/vnd.openxmlformats-officedocument."
             "spreadsheetml.sheet"},
    {"pptx", "application/vnd.openxmlformats-officedocument."
             "presentationml.presentation"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"epub", "application/epub+zip"},
    {"p7s", "application/pkcs7-signature"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"svg", "image/svg+xml"},
    {"bmp", "image/bmp"},
    {"ico", "image/vnd.microsoft.icon"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"mp3", "audio/mpeg"},
    {"wav", "audio/wav"},
    {"ogg", "audio/ogg"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"avi", "video/x-msvideo"},
    {"mov", "video/quicktime"},
};

const char *
mime_type_of(ses_str_t file_name)
{
    ses_str_t e = ses_attachment_extension(file_name);
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (ses_str_caseeqc(e, types[i].extension))
            return types[i].type;
    return "application/octet-stream";
}

static bool
is_token(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' ||
            strchr("()<>@,;:\\\"/[]?=", s.p[i]) != NULL)
            return false;
    return s.n > 0;
}

bool
mime_type_valid(ses_str_t type)
{
    ses_str_t rest = type, essence, top;
    size_t i;

    for (i = 0; i < type.n; i++)
        if (type.p[i] < ' ' || type.p[i] > '~')
            return false;
    if (!ses_str_cut(&rest, ';', &essence))
        return false;
    essence = ses_str_trim(essence);
    return ses_str_cut(&essence, '/', &top) && is_token(top) &&
           is_token(essence);
}

/*
 * mime_type - types of attachments, and what is not carried
 *
 * The blocked extensions are the service's list (contract 4.1).
 */
#include "api/mime.h"

static const char *const blocked[] = {
    "ade",    "adp",     "app",     "asp",      "bas", "bat",  "cer",
    "chm",    "cmd",     "com",     "cpl",      "crt", "csh",  "der",
    "exe",    "fxp",     "gadget",  "hlp",      "hta", "inf",  "ins",
    "isp",    "its",     "js",      "jse",      "ksh", "lib",  "lnk",
    "mad",    "maf",     "mag",     "mam",      "maq", "mar",  "mas",
    "mat",    "mau",     "mav",     "maw",      "mda", "mdb",  "mde",
    "mdt",    "mdw",     "mdz",     "msc",      "msh", "msh1", "msh2",
    "mshxml", "msh1xml", "msh2xml", "msi",      "msp", "mst",  "ops",
    "pcd",    "pif",     "plg",     "prf",      "prg", "reg",  "scf",
    "scr",    "sct",     "shb",     "shs",      "sys", "ps1",  "ps1xml",
    "ps2",    "ps2xml",  "psc1",    "psc2",     "tmp", "url",  "vb",
    "vbe",    "vbs",     "vps",     "vsmacros", "vss", "vst",  "vsw",
    "vxd",    "ws",      "wsc",     "wsf",      "wsh", "xnk",
};

/* The same things by type, as clients name them. */
static const char *const blocked_types[] = {
    "application/x-msdownload",  "application/x-msdos-program",
    "application/x-dosexec",     "application/x-ms-installer",
    "application/x-msi",         "application/hta",
    "application/javascript",    "application/x-javascript",
    "text/javascript",           "text/vbscript",
    "application/x-csh",         "application/x-bat",
    "application/x-ms-shortcut", "application/x-msaccess",
};

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

/* What follows the last dot; blanks and dots at the end do not count, as
 * they do not on the systems these lists are for. */
static ses_str_t
extension(ses_str_t name)
{
    ptrdiff_t dot;

    while (name.n > 0 &&
           (name.p[name.n - 1] == '.' || name.p[name.n - 1] == ' '))
        name.n--;
    dot = ses_str_rfind(name, '.');
    return dot < 0 ? SES_STR("") : ses_str_from(name, (size_t) dot + 1);
}

const char *
mime_type_of(ses_str_t file_name)
{
    ses_str_t e = extension(file_name);
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (ses_str_caseeqc(e, types[i].extension))
            return types[i].type;
    return "application/octet-stream";
}

bool
mime_blocked(ses_str_t file_name, ses_str_t type)
{
    ses_str_t e = extension(file_name), essence;
    size_t i;

    for (i = 0; i < sizeof(blocked) / sizeof(blocked[0]); i++)
        if (ses_str_caseeqc(e, blocked[i]))
            return true;
    if (!ses_str_cut(&type, ';', &essence))
        return false;
    essence = ses_str_trim(essence);
    for (i = 0; i < sizeof(blocked_types) / sizeof(blocked_types[0]); i++)
        if (ses_str_caseeqc(essence, blocked_types[i]))
            return true;
    return false;
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
